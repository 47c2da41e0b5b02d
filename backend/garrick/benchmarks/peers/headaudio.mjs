// node headaudio.mjs PACKAGE SOUNDFILE: what headaudio's audio worklet says of float32 sound at 16 kHz, without a browser.
// Prints [[viseme, seconds], ...]; a viseme holds until the next one.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const BLOCK = 128; // samples that a browser hands over at a time
const [folder, soundFile] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(path.join(folder, "modules", name)));
const { Processor } = await load("processor.mjs");
const { Training } = await load("training.mjs");
const { RECORD_LEN, RECORD_OFFSET, MODEL_VISEME_SIL } = await load("parameters.mjs");

const bytes = (file) => {
  const data = fs.readFileSync(file);
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
};

const events = [];
const postMessage = (message) => {
  if (message.event === "viseme") events.push([message.viseme, message.t]);
  if (message.event === "ended") events.push([MODEL_VISEME_SIL, message.t]);
};
const processor = new Processor({ sampleRate: 16000 }, { port: { postMessage } });
const records = bytes(path.join(folder, "dist", "model-en-mixed.bin"));
const training = new Training();
const model = [];
for (let at = 0; at + RECORD_OFFSET <= records.byteLength; at += RECORD_OFFSET) {
  model.push(training.decodeBinaryRecord(new Float32Array(records, at, RECORD_LEN)));
}
processor.classifier.import({ model });
const sound = new Float32Array(bytes(soundFile));
for (let at = 0; at < sound.length; at += BLOCK) processor.process(sound.subarray(at, at + BLOCK));
console.log(JSON.stringify(events));
