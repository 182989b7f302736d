// A codec that encrypts, as a user would write it.

import crypto from 'node:crypto';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';

const { Payload } = proto.temporal.api.common.v1;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENCODING = Buffer.from('binary/encrypted');

/** Encrypts every payload whole, metadata included. */
class Encryption {
  #key = crypto.randomBytes(32);

  async encode(payloads) {
    return payloads.map((payload) => {
      const nonce = crypto.randomBytes(NONCE_BYTES);
      const cipher = crypto.createCipheriv(ALGORITHM, this.#key, nonce);
      const sealed = [nonce, cipher.update(Payload.encode(payload).finish()), cipher.final(), cipher.getAuthTag()];
      return { metadata: { encoding: ENCODING }, data: Buffer.concat(sealed) };
    });
  }

  async decode(payloads) {
    return payloads.map((payload) => {
      if (!ENCODING.equals(payload.metadata.encoding)) return payload;
      const decipher = crypto.createDecipheriv(ALGORITHM, this.#key, payload.data.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(payload.data.subarray(-TAG_BYTES));
      const opened = [decipher.update(payload.data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      return Payload.decode(Buffer.concat(opened));
    });
  }
}

/** The module of a converter that leaves no text of a failure readable. */
export const failureConverterPath = fileURLToPath(new URL('failure-converter.js', import.meta.url));

/** What clients and workers need in order to encrypt. */
export const dataConverter = { payloadCodecs: [new Encryption()], failureConverterPath };
