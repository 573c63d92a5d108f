DROP TABLE tracking_event;
DROP TABLE shipment_line;
DROP TABLE shipment;
DROP TABLE allocation;
DROP TABLE fulfillment_order;
