DROP TABLE tax_rate;
DROP TABLE price;
DROP TABLE product;
