-- What a shop is about to be told, written down before the call: whoever does not get its answer can tell whether it was done.
ALTER TABLE shop_task ADD COLUMN telling jsonb; -- {known: the shop's fulfillments before it, lines: {line id: quantity}}
