// Stock age in JavaScript, driven by one JSON object on standard input; prints one JSON object.
// {"do": "encrypt", "data", "recipients": [], "passphrase"} or {"do": "decrypt", "data", "identity", "passphrase"},
// or {"do": "recipient", "identity"}. Data is base64. Several jobs may be given as a list. With "armor": true what is
// encrypted comes out, and what is to be decrypted goes in, as ASCII armour.
import { Decrypter, Encrypter, armor, identityToRecipient } from "age-encryption";

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
    const sealed = await age.encrypt(data);
    return { data: Buffer.from(job.armor ? armor.encode(sealed) : sealed).toString("base64") };
  }
  const age = new Decrypter();
  if (job.passphrase) age.addPassphrase(job.passphrase);
  if (job.identity) age.addIdentity(job.identity);
  const sealed = job.armor ? armor.decode(data.toString("latin1")) : data;
  return { data: Buffer.from(await age.decrypt(sealed)).toString("base64") };
}

let text = "";
for await (const piece of process.stdin) text += piece;
const results = [];
for (const job of JSON.parse(text)) results.push(await run(job));
process.stdout.write(JSON.stringify(results));
