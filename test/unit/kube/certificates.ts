/** Certificates for servers that are wrong in some way. */

// @peculiar/x509 needs Reflect.getMetadata to be there before it is loaded.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1000;

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  issue(options?: CertificateOptions): Promise<Certificate>;
  /** An intermediate one. */
  issueAuthority(): Promise<Authority>;
}

export interface CertificateOptions {
  readonly commonName?: string;
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
  /** Days from now. */
  readonly from?: number;
  readonly until?: number;
}

export async function createAuthority(): Promise<Authority> {
  const keys = await createKeys();
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=test authority",
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(-1000, 1000),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return authorityOf(own, keys);
}

async function authorityOf(own: x509.X509Certificate, keys: Keys): Promise<Authority> {
  return {
    certificate: own.toString("pem"),
    key: await exportKey(keys.privateKey),
    async issue({ commonName = "server", dnsNames = [], addresses = ["127.0.0.1"], from = -1, until = 30 } = {}) {
      const leafKeys = await createKeys();
      const names = [
        ...dnsNames.map((value) => ({ type: "dns" as const, value })),
        ...addresses.map((value) => ({ type: "ip" as const, value })),
      ];
      const leaf = await x509.X509CertificateGenerator.create({
        subject: `CN=${commonName}`,
        issuer: own.subject,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        ...validity(from, until),
        extensions: [new x509.SubjectAlternativeNameExtension(names)],
      });
      return { certificate: leaf.toString("pem"), key: await exportKey(leafKeys.privateKey) };
    },
    async issueAuthority() {
      const intermediateKeys = await createKeys();
      const intermediate = await x509.X509CertificateGenerator.create({
        subject: "CN=test intermediate authority",
        issuer: own.subject,
        publicKey: intermediateKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        ...validity(-1000, 1000),
        extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
      });
      return authorityOf(intermediate, intermediateKeys);
    },
  };
}

type Keys = Awaited<ReturnType<typeof createKeys>>;

function createKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function validity(from: number, until: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() + from * DAY_MS), notAfter: new Date(Date.now() + until * DAY_MS) };
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
