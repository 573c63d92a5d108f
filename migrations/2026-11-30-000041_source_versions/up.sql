-- The version that the system from which products and prices come gave to what was last taken: one that is not newer is late.
-- It says nothing of the product itself, so it is not shown and no version of ours.
ALTER TABLE product ADD COLUMN source_version bigint;
ALTER TABLE price ADD COLUMN source_version bigint;
