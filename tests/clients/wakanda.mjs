// The client of 4D's REST servers: the address and the steps' pictures come as arguments, what each step gave is told
// on standard output as JSON.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { WakandaClient } = require("wakanda-client");
const [host, user, password, first, second] = process.argv.slice(2);
const told = {};
const fails = async (name, work) => {
  try {
    await work();
    told[name] = "it did not fail";
  } catch (error) {
    told[name] = error.body ? JSON.parse(error.body) : String(error.message ?? error);
  }
};
const seen = (one) => ({ key: one._key, stamp: one._stamp, tags: one.tags, uri: one.image.uri, width: one.width });

const client = new WakandaClient({ host });
const visitor = new WakandaClient({ host });
told.wrongPassword = await client.directory.login(user, "wrong", 60);
told.login = await client.directory.login(user, password, 60);
told.user = (await client.directory.getCurrentUser()).userName;
const { Co } = await client.getCatalog();
told.attributes = Co.attributes.map((one) => one.name);

const made = Co.create({ tags: "it's (new)!", userdata: { age: 4 } });
await made.save();
told.made = { ...seen(made), userdata: made.userdata };
await made.image.upload(Buffer.from(first, "base64"));
told.uploaded = seen(made);
const other = await Co.find(made._key);
made.tags = "changed";
await made.save();
told.saved = seen(made);
other.tags = "too late";
await fails("stale", () => other.save());
told.afterStale = seen(await Co.find(made._key));
await made.image.upload(Buffer.from(second, "base64"));
told.replaced = seen(made);

const found = await Co.query({ filter: "tags = :1 and width > :2", params: ["CHANG@", 5], orderBy: "ID desc", pageSize: 1 });
told.query = { count: found._count, keys: found.entities.map((one) => one._key) };
const all = await Co.query({ filter: "width > 0", orderBy: "ID", pageSize: 2 });
told.pages = [all.entities.map((one) => one._key)];
await all.nextPage();
told.pages.push(all.entities.map((one) => one._key));
const { Co: open } = await visitor.getCatalog(["Co", "Co"]);
const theirs = await open.find(made._key);
theirs.tags = "not theirs";
await fails("unknown", () => theirs.save());
await made.image.delete();
told.without = seen(made);
await made.delete();
await fails("gone", () => Co.find(told.made.key));
told.logout = await client.directory.logout();
process.stdout.write(JSON.stringify(told));
