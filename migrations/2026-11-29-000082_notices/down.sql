DROP TABLE notice;
DROP TABLE notice_settings;
