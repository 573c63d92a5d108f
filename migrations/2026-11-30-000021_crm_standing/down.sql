DROP TABLE crm_standing;
DROP TABLE crm_follow;
