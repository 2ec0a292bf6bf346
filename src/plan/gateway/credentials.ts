// Certificates of manifests under the words that routes refer to them by: a Route document names texts, and what becomes of
// them is looked up by those words; a manifest's are found already.

import type { Credentials, Identity, Trust } from "../../resource/credentials.ts";
import type { IdentitySpec, TrustSpec } from "../../resource/tls.ts";

/** The words for certificates, which stand for the same ones in every load. */
export class CertificateWords {
  readonly identities = new WeakMap<Identity, IdentitySpec>();
  readonly trusts = new WeakMap<Trust, TrustSpec>();
}

export class IssuedCredentials implements Credentials {
  readonly identities = new Map<IdentitySpec, Identity>();
  readonly trusts = new Map<TrustSpec, Trust>();
  readonly #words: CertificateWords;

  /** `words` are remembered from one load to the next. */
  constructor(words: CertificateWords) {
    this.#words = words;
  }

  /** The word for a certificate; the same one for the same certificate. */
  identity(identity: Identity): IdentitySpec {
    const spec = this.#words.identities.get(identity) ?? {
      certificate: { text: identity.certificate },
      key: { text: identity.key },
    };
    this.#words.identities.set(identity, spec);
    this.identities.set(spec, identity);
    return spec;
  }

  /** The word for authorities; the same one for the same authorities. */
  trust(trust: Trust): TrustSpec {
    const spec = this.#words.trusts.get(trust) ?? { ca: { text: trust.ca.join("") } };
    this.#words.trusts.set(trust, spec);
    this.trusts.set(spec, trust);
    return spec;
  }
}
