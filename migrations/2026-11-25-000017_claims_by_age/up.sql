-- External ids are claimed for ever, and after a while some of them lie in every block range: a block range index would lead each purge
-- through the whole table. A claim's age only grows, so an entry here is one at the right end of the index, and external ids have none.
DROP INDEX claim_by_age;
CREATE INDEX claim_by_age ON claim (created_at) WHERE kind <> 'x';
