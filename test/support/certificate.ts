import { resolve } from "node:path";

/**
 * Certificates that sign themselves, each a PEM file with its key, for `startRedis({ tls })` and as `?ca=`. The files
 * are part of the sources because openssl is not on every machine. They guard nothing. Each was made as by
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=Nuvom test: NAME"
 * -not_before 20200101000000Z -not_after 21200101000000Z -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1`.
 */
export const certificates = {
  localhost: file("localhost"),
  /** For `redis.example` only. */
  otherHost: file("other-host"),
  /** For localhost, until the year 2020. */
  expired: file("expired"),
};

function file(name: string): string {
  return resolve(import.meta.dir, `../fixtures/certificates/${name}.pem`);
}
