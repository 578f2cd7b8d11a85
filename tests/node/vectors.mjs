// Prints the age test vectors of C2SP/CCTV as JSON: name to base64.
import * as vectors from "cctv-age";

const all = Object.entries(vectors).map(([name, data]) => [name, Buffer.from(data).toString("base64")]);
process.stdout.write(JSON.stringify(Object.fromEntries(all)));
