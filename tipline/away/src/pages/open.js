// open.html: an agency makes its key, opens what was released to it, writes what it says of it or of its own. It sends nothing.

import * as answering from "../opening/answering.js";
import * as copies from "../opening/copies.js";
import { element, show } from "../opening/dom.js";
import { ready as making } from "../opening/making.js";
import { ready as noticed, shown } from "../opening/noticed.js";
import { ready as opening } from "../opening/package.js";
import { ready as sending } from "../opening/sending.js";
import { ready as signing } from "../opening/signing.js";
import { serve } from "../stretch.js";

if (typeof document === "undefined") {
  serve();
} else {
  for (const form of document.forms) form.reset(); // a browser may bring back what was typed before
  making();
  opening((secret, opened) => {
    answering.begin(secret, opened);
    copies.begin(secret, opened);
  }, shown);
  noticed();
  answering.ready();
  copies.ready();
  signing();
  sending();
  element("no-script").remove();
  show("script");
}
