// The official clients of Cloudinary: calls come on standard input, answers go to standard output, all as JSON.
// CLOUDINARY_URL says where the server is; the module reads it when it is loaded.
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { v2 } from "cloudinary";
import { Cloudinary } from "@cloudinary/url-gen";
import { fill, scale } from "@cloudinary/url-gen/actions/resize";
import { grayscale } from "@cloudinary/url-gen/actions/effect";
import { max } from "@cloudinary/url-gen/actions/roundCorners";
import { source } from "@cloudinary/url-gen/actions/overlay";
import { text } from "@cloudinary/url-gen/qualifiers/source";
import { TextStyle } from "@cloudinary/url-gen/qualifiers/textStyle";

const streamed = (body, options) =>
  new Promise((resolve, reject) => {
    const upload = v2.uploader.upload_stream(options, (error, result) => (error ? reject(error) : resolve(result)));
    Readable.from([Buffer.from(body, "base64")]).pipe(upload);
  });

const generated = (host) => {
  const cloud = new Cloudinary({ cloud: { cloudName: "demo" }, url: { secure: false, cname: host, analytics: false } });
  return [
    cloud.image("node/pic").resize(fill().width(20).height(10)).effect(grayscale()),
    cloud.image("node/pic").resize(scale().width(16)).roundCorners(max()).format("png"),
    cloud.image("node/pic").overlay(source(text("Hi, /you", new TextStyle("Arial", 8)))).format("auto").quality("auto"),
  ].map((one) => one.toURL());
};

const doing = {
  upload: streamed,
  url: (id, options) => v2.url(id, options),
  generated,
  api: (name, ...rest) => v2.api[name](...rest),
  uploader: (name, ...rest) => v2.uploader[name](...rest),
};
const answers = [];
for (const [name, ...rest] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    answers.push(await doing[name](...rest));
  } catch (error) {
    answers.push({ failed: error.message ?? error.error?.message ?? String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
