//! What tests stand on.
#![allow(dead_code, reason = "not every test needs all of it")]

pub mod app;
pub mod catalogue;
pub mod database;
pub mod demo;
pub mod document;
pub mod hooks;
pub mod load;
pub mod platforms;
pub mod receiver;
pub mod samples;
pub mod shop_server;
pub mod statements;
pub mod stripe;
