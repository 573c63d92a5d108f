DROP TABLE login_attempt;
DROP TABLE refresh_token;
DROP TABLE user_session;
DROP TABLE app_user;
