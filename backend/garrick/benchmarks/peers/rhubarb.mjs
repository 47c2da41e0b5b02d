// node rhubarb.mjs PACKAGE SOUNDFILE TEXT: the mouth cues of Rhubarb's WebAssembly build for 16-bit sound at 16 kHz.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, soundFile, dialogText] = process.argv.slice(2);
const { Rhubarb } = await import(pathToFileURL(path.join(folder, "dist", "index.js")));
const { mouthCues } = await Rhubarb.getLipSync(fs.readFileSync(soundFile), { dialogText });
console.log(JSON.stringify(mouthCues.map(({ value, start, end }) => [value, start, end])));
