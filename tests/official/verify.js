// Reads a list of messages from standard input and judges each with the official library.
const { Webhook } = require("standardwebhooks");

const messages = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const { secret, headers, body, genuine } of messages) {
  let taken = true;
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64").toString("utf8"), headers);
  } catch (error) {
    taken = false;
  }
  if (taken !== genuine) {
    console.error(`${headers["webhook-id"]} is ${genuine ? "refused" : "taken"}`);
    process.exit(1);
  }
}
console.log(`judged ${messages.length}`);
