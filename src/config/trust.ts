// Judges certificates of authorities, and lists of what they have revoked: whether anybody's certificate can be verified
// with them. What would refuse everybody is an error, because nobody means that; and so is whatever cannot be read, because
// half of the authorities, or of the lists, might be the half that keeps somebody out.

import { createSecureContext } from "node:tls";

import type { Trust } from "../resource/credentials.ts";
import { formatPem } from "../wire/pem.ts";
import { readRevocationList, type RevocationList } from "../wire/x509-crl.ts";
import { Findings, type Judged, type Period } from "./credential-finding.ts";
import {
  type CredentialText,
  listLabels,
  lowerFirst,
  nameOf,
  readBlocks,
  type ReadCertificate,
  readCertificates,
} from "./credential-text.ts";

const CRL_LABEL = "X509 CRL";

/** Judges authorities and, where there are some, their lists. Never throws. */
export function judgeTrust(caText: CredentialText, crlText: CredentialText | undefined): Judged<Trust> {
  const findings = new Findings();
  const authorities = readCertificates(caText, "ca", findings);
  if (authorities !== undefined) judgeAuthorities(authorities, caText, findings);
  const lists = crlText === undefined ? [] : readLists(crlText, findings);
  const periods = [...(authorities ?? []).map(periodOf), ...(lists ?? []).flatMap(({ list }) => periodOfList(list))];
  if (authorities === undefined || lists === undefined || findings.failed) return { findings: findings.all, periods };
  if (crlText !== undefined) judgeCover(authorities, lists, findings);
  const trust: Trust = {
    ca: [...new Set(authorities.map(({ der }) => formatPem("CERTIFICATE", der)))],
    crl: [...new Set(lists.map(({ der }) => formatPem(CRL_LABEL, der)))],
  };
  try {
    // The last word has the library that will use them.
    createSecureContext({ ca: [...trust.ca], ...(trust.crl.length === 0 ? {} : { crl: [...trust.crl] }) });
  } catch {
    findings.error("ca", "unusable", "The TLS library does not take these certificates of authorities, or their lists");
  }
  return { ...(findings.failed ? {} : { value: trust }), findings: findings.all, periods };
}

/**
 * A chain is followed up to a certificate that issued itself. One that is no authority can be such an end too, for itself
 * alone: that is how a self-signed certificate is trusted.
 */
function judgeAuthorities(all: readonly ReadCertificate[], { called }: CredentialText, findings: Findings): void {
  if (!all.some(({ certificate }) => certificate.ca || certificate.selfIssued)) {
    const [first] = all;
    const name = first === undefined ? "" : ` ${nameOf(first.certificate)}`;
    const message = `${called} has no certificate of an authority: ${all.length === 1 ? `the certificate${name} may` : "those in it may"} not issue others`;
    findings.error("ca", "no-authority", message, "Give the certificate of whoever issued it");
    return;
  }
  if (!all.some(({ certificate }) => certificate.selfIssued)) {
    const message = `${called} has no root: no chain could be followed to its end`;
    findings.error("ca", "no-root", message, "Add the certificate of the root, which issued itself");
    return;
  }
  for (const { certificate } of all) {
    if (certificate.ca || certificate.selfIssued) continue;
    const message = `The certificate ${nameOf(certificate)} in ${lowerFirst(called)} is not of an authority: it has no effect`;
    findings.warn("ca", "not-an-authority", message);
  }
}

interface ReadList {
  readonly der: Uint8Array;
  readonly list: RevocationList;
}

function readLists(text: CredentialText, findings: Findings): readonly ReadList[] | undefined {
  const blocks = readBlocks(text, "crl", findings);
  if (blocks === undefined) return undefined;
  const own = blocks.filter(({ label }) => label === CRL_LABEL);
  if (own.length === 0) {
    const message = `${text.called} has no list of revoked certificates ("${CRL_LABEL}"), only ${listLabels(blocks)}`;
    findings.error("crl", "no-crl", message);
    return undefined;
  }
  const lists: ReadList[] = [];
  for (const [index, { bytes }] of own.entries()) {
    const list = bytes === undefined ? undefined : readRevocationList(bytes);
    if (bytes !== undefined && list !== undefined) lists.push({ der: bytes, list });
    else
      findings.error("crl", "bad-crl", `List ${index + 1} in ${lowerFirst(text.called)} cannot be read: it is damaged`);
  }
  return lists.length === own.length ? lists : undefined;
}

/** As soon as there is one list, a chain is refused when there is none for each authority in it. */
function judgeCover(all: readonly ReadCertificate[], lists: readonly ReadList[], findings: Findings): void {
  const issuers = new Set(lists.map(({ list }) => list.issuer));
  const told = new Set<string>();
  for (const { certificate } of all) {
    if (!certificate.ca || issuers.has(certificate.subject) || told.has(certificate.subject)) continue;
    told.add(certificate.subject);
    const message = `There is no list of revoked certificates of the CA ${nameOf(certificate)}: every certificate that it issued is refused`;
    findings.warn("crl", "crl-missing", message, "Add its list to the others");
  }
}

function periodOf({ certificate }: ReadCertificate): Period {
  const { notBeforeMs: fromMs, notAfterMs: toMs } = certificate;
  return { part: "ca", kind: "certificate", what: `The CA ${nameOf(certificate)}`, fromMs, toMs };
}

function periodOfList({ thisUpdateMs: fromMs, nextUpdateMs: toMs }: RevocationList): readonly Period[] {
  const what = "The list of revoked certificates";
  return toMs === undefined ? [] : [{ part: "crl", kind: "crl", what, fromMs, toMs }];
}
