// What unpic makes of images: a list of [function, arguments] comes in as JSON, what they return goes out as JSON.
import { text } from "node:stream/consumers";
import { transformProps } from "@unpic/core";
import { getProviderForUrl, parseUrl, transformUrl } from "unpic";

const functions = { getProviderForUrl, parseUrl, transformProps, transformUrl };
const calls = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(calls.map(([name, ...values]) => functions[name](...values))));
