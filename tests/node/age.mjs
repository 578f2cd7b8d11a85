// Stock age in JavaScript, driven by one JSON object on standard input; prints one JSON object.
// {"do": "encrypt", "data", "recipients": [], "passphrase"} or {"do": "decrypt", "data", "identity", "passphrase"},
// or {"do": "recipient", "identity"}. Data is base64. Several jobs may be given as a list.
import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";

async function run(job) {
  if (job.do === "recipient") return { recipient: await identityToRecipient(job.identity) };
  const data = Buffer.from(job.data, "base64");
  if (job.do === "encrypt") {
    const age = new Encrypter();
    if (job.passphrase) {
      age.setScryptWorkFactor(10);
      age.setPassphrase(job.passphrase);
    }
    for (const recipient of job.recipients ?? []) age.addRecipient(recipient);
    return { data: Buffer.from(await age.encrypt(data)).toString("base64") };
  }
  const age = new Decrypter();
  if (job.passphrase) age.addPassphrase(job.passphrase);
  if (job.identity) age.addIdentity(job.identity);
  return { data: Buffer.from(await age.decrypt(data)).toString("base64") };
}

let text = "";
for await (const piece of process.stdin) text += piece;
const results = [];
for (const job of JSON.parse(text)) results.push(await run(job));
process.stdout.write(JSON.stringify(results));
