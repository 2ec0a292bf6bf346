// What is known of a connection and its endpoint when a policy looks at it: plain data that the engine hands over. Members
// that cost something to find out may be getters, since nothing is read that no expression names.

/** A connection: both addresses as texts without brackets, its begin in milliseconds since 1970, its TLS when it has any. */
export interface ConnFacts {
  readonly clientIp: string;
  readonly clientPort: number;
  readonly serverIp: string;
  readonly serverPort: number;
  readonly startedMs: number;
  readonly tls?: TlsFacts | undefined;
}

/** TLS as it was agreed on, or as far as the ClientHello tells. Empty texts where nothing is known. */
export interface TlsFacts {
  /** "1.2" or "1.3". */
  readonly version: string;
  /** The name of IANA, such as "TLS_AES_128_GCM_SHA256". */
  readonly cipherSuite: string;
  readonly sni: string;
  readonly alpn: string;
  /** FoxIO's fingerprint of the ClientHello. */
  readonly ja4: string;
  readonly resumed: boolean;
  /** What the client showed and was believed. */
  readonly client?: CertificateFacts | undefined;
  /** What we showed. */
  readonly server?: CertificateFacts | undefined;
}

/** A certificate. */
export interface CertificateFacts {
  readonly subject: DistinguishedNameFacts;
  readonly issuer: DistinguishedNameFacts;
  readonly san: AlternativeNameFacts;
  /** Hexadecimal, lower case. */
  readonly serialNumber: string;
  /** Such as "ECDSA-SHA256". */
  readonly signatureAlgorithm: string;
  /** Without a line feed at its end. */
  readonly pem: string;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: readonly ExtensionFacts[];
}

/** Whom a certificate names. */
export interface DistinguishedNameFacts {
  /** About as RFC 2253 writes it, such as "CN=a,O=b". */
  readonly text: string;
  readonly commonName: string;
  readonly country: readonly string[];
  readonly locality: readonly string[];
  readonly organization: readonly string[];
  readonly organizationalUnit: readonly string[];
  readonly postalCode: readonly string[];
  readonly province: readonly string[];
  readonly streetAddress: readonly string[];
}

/** Subject alternative names. */
export interface AlternativeNameFacts {
  /** All of them in one text. */
  readonly text: string;
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
}

export interface ExtensionFacts {
  /** The object identifier, such as "2.5.29.15". */
  readonly id: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** The endpoint that the client came to. */
export interface EndpointFacts {
  readonly id: string;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** "host:port". */
  readonly addr: string;
  readonly protocol: "tcp" | "tls";
}

const NO_NAME: DistinguishedNameFacts = {
  text: "",
  commonName: "",
  country: [],
  locality: [],
  organization: [],
  organizationalUnit: [],
  postalCode: [],
  province: [],
  streetAddress: [],
};

/** What expressions see of a certificate that was not shown. `has()` tells the difference. */
export const NO_CERTIFICATE: CertificateFacts = {
  subject: NO_NAME,
  issuer: NO_NAME,
  san: { text: "", dnsNames: [], emailAddresses: [], ipAddresses: [], uris: [] },
  serialNumber: "",
  signatureAlgorithm: "",
  pem: "",
  notBeforeMs: 0,
  notAfterMs: 0,
  extensions: [],
};
