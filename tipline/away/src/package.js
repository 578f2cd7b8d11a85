// A package as it arrives: the signature is checked before anything of it is opened, then every byte that comes out.

import { Decrypter } from "age-encryption";

import { sha256Large } from "./bytes.js";
import { PackageError } from "./errors.js";
import { checked } from "./manifest.js";
import { verify } from "./sshsig.js";
import { unpack } from "./zip.js";

/**
 * @typedef {object} Opened
 * @property {import("./manifest.js").Manifest} manifest
 * @property {import("./zip.js").Members} members
 * @property {Uint8Array} zip
 * @property {Uint8Array} sha256 of the ZIP: what an acknowledgement names
 */

/**
 * @param {object} given
 * @param {Uint8Array} given.sealed the file as it was downloaded
 * @param {Uint8Array} given.signature its signature file
 * @param {Uint8Array} given.signer the unit's package key, 32 bytes
 * @param {string} given.identity the agency's own
 * @returns {Promise<Opened>}
 */
export async function openPackage({ sealed, signature, signer, identity }) {
  await verify(signature, sealed, signer);
  const zip = await unseal(sealed, identity);
  const members = unpack(zip);
  const manifest = await checked(members);
  return { manifest, members, zip, sha256: await sha256Large(zip.slice()) };
}

/**
 * Open a sealed file whose signature was checked.
 * @param {Uint8Array} sealed
 * @param {string} identity
 */
export async function unseal(sealed, identity) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(sealed);
  } catch (error) {
    const said = error instanceof Error ? error.message : "";
    throw new PackageError(said.startsWith("no identity matched") ? "other-recipient" : "damaged");
  }
}
