//! What each report counts, in the words that its answers carry. By SCOR and APQC, as docs/reports.md explains.

pub const SUMMARY: &str = "Orders ordered in the period that were ever confirmed, with the sales and invoiced figures of the sales report. \
    orders_open: neither draft, completed nor cancelled now. orders_shipped: nothing left to ship. orders_shipped_late: of these, with a \
    unit that left after its line's due date (first promise, else requested date, else 24 hours after verification). orders_held: on \
    hold now, confirmed before or not. numerator = shipped late, denominator = shipped, unmeasurable = shipped with no due date.";

pub const SALES: &str = "Orders by the local date of ordering, ever confirmed, imported history included and counted apart: net = sum of \
    line nets, discount = order-level discounts, total = net - discount + shipping + tax; units in base units of stocked lines. Invoiced \
    figures: invoices less credit notes by their date of issue. Money per currency. Not a ratio: numerator and denominator are null.";

pub const ORDER_CYCLE_TIME: &str = "Calendar hours from ordered_at to delivered_at of the last unit (basis=shipped: shipped_at), of orders \
    ever confirmed whose end falls in the period, and of the stages of the same orders: capture = captured - ordered, verify = verified - \
    captured, allocate = allocated - verified, pick = picked - allocated, ship = shipped - picked, transit = delivered - shipped, invoice = \
    invoiced - shipped, pay = paid - invoiced. Percentiles are continuous. out_of_sequence: negative, not averaged. unmeasurable: a \
    milestone is missing; of the whole cycle, shipped in the period but never reported as delivered. numerator = sum of hours, \
    denominator = orders averaged, both of the whole cycle.";

pub const FILL_RATE: &str = "Stocked lines of orders ever confirmed that were due in the period (first promise, else requested date, else 24 \
    hours after verification). demand = original quantity less what was taken away or cancelled for other reasons than out_of_stock. \
    unit = sum of min(shipped by due, demand) / sum of demand, in base units; line = lines wholly shipped by due / lines due; order = \
    orders with all lines filled / orders due, an order being due with its last line. basis=allocation: initially allocated instead of \
    shipped by due. unmeasurable: no due date, by the date of ordering. numerator and denominator at the top are those of the units.";
