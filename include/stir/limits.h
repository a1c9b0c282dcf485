/** @file stir/limits.h  Every length, count and depth that an outsider can choose, with its reason.
 *  Beyond a limit the answer is STIR_ELIMIT, or the verdict that names it; nothing is ever cut silently. */
#ifndef STIR_LIMITS_H
#define STIR_LIMITS_H

/* SIP */
#define STIR_MAX_MESSAGE 65535   /**< bytes of a SIP message: the largest UDP datagram, and what TCP fronts accept */
#define STIR_MAX_SIP_HEADERS 256 /**< header lines of one message; real INVITEs carry 15 to 60 */
#define STIR_MAX_IDENTITY 16384  /**< bytes of one Identity value: a shaken one is 0.6 KB, nested div-o a few KB */
#define STIR_MAX_IDENTITIES 16   /**< Identity headers of one call: a div chain of 10 (see peers) and some air */
#define STIR_MAX_PARAMS 16       /**< parameters of one Identity value; three are defined */
#define STIR_MAX_PAI 8           /**< P-Asserted-Identity values read; RFC 3325 allows two */
#define STIR_MAX_FINGERPRINTS 16 /**< a=fingerprint lines of one SDP body */
#define STIR_MAX_HISTORY 32      /**< History-Info headers looked at, each a list: a call is retargeted a few times at most */

/* Tokens */
#define STIR_MAX_TOKEN 8192 /**< base64url bytes of one PASSporT */
#define STIR_MAX_TOKENS 32  /**< PASSporTs judged of one call: one an Identity header, and those that div-o tokens nest */
#define STIR_MAX_JSON 8192  /**< bytes of one decoded JSON text of a token */
#define STIR_MAX_DEPTH 16   /**< nesting of JSON values; rcd with a jCard needs 7 */
#define STIR_MAX_MEMBERS 64 /**< members of one JSON object (the duplicate check compares each with each) */
#define STIR_MAX_VALUES 512 /**< JSON values of one token, all levels together */
#define STIR_MAX_DESTS 32   /**< numbers and URIs of one dest claim */
#define STIR_MAX_RPH 16     /**< r-values of one rph claim */
#define STIR_MAX_PRIORITIES 64 /**< r-values of one message that are compared with rph; IANA lists some 50 namespaces */
#define STIR_MAX_URL 1024   /**< bytes of an x5u or info URL; the longest of 8,920 real ones has 106 */
#define STIR_MAX_PPI 128    /**< characters of a signature that is named in a Reason header; an ES256 one has 86 */
#define STIR_MAX_ORIGID 64  /**< bytes of an origid we write or read; a UUID has 36 */

/* Rich call data */
#define STIR_MAX_CONTENTS 8     /**< URLs of one token whose content is asked for: an icon, or a jCard with its photos and logos */
#define STIR_MAX_CONTENT 524288 /**< bytes of one of them; an icon for a telephone has some 10 to 100 KB */
#define STIR_MAX_JCARD 65536    /**< bytes of a jCard behind a URL that is looked into for further URLs */

/* Numbers */
#define STIR_TN_MAX 15     /**< characters of a canonical number (RFC 8226 §9, ITU-T E.164) */
#define STIR_MAX_PREFIXES 16 /**< technical or portability prefixes of one source; each is tried on every number */
#define STIR_MAX_PREFIX 16 /**< characters of one of them */
#define STIR_PARTY_MAX 255 /**< bytes of a canonical party, number or URI */

/* Tables of who holds a number */
#define STIR_MAX_SPC_TABLE (1u << 30) /**< bytes of one: 16 million ranges at some 64 bytes a line */
#define STIR_MAX_SPC_RANGES 16777216  /**< ranges of one; North America has some million blocks, and the numbers ported out of them */
#define STIR_MAX_SPC_LISTS 65535      /**< different lists of codes in one; North America has some 10,000 providers */
#define STIR_MAX_SPC_CODES 16         /**< codes that hold one number; a provider with several has a handful */

/* Certificates */
#define STIR_MAX_PEM 65536         /**< bytes of one x5u body */
#define STIR_MAX_CHAIN 8           /**< certificates of one x5u body; real ones have 1 to 3 */
#define STIR_MAX_CERT 16384        /**< DER bytes of one certificate or request */
#define STIR_MAX_EXTENSIONS 32     /**< extensions of one certificate */
#define STIR_MAX_CRLDP 8           /**< CRL distribution points kept of one certificate */
#define STIR_MAX_POLICIES 16       /**< policy OIDs kept of one certificate */
#define STIR_MAX_TNAUTH 65536      /**< DER bytes of one TNAuthList */
#define STIR_MAX_TNENTRIES 4096    /**< entries of one TNAuthList */
#define STIR_MAX_SPC 16            /**< characters of a service provider code; real ones have 4 or 5 */
#define STIR_MAX_CONSTRAINTS 64    /**< names, and values of one name, in claim constraints */
#define STIR_MAX_BUNDLE (8u << 20) /**< bytes of a file of trust anchors */
#define STIR_MAX_ANCHORS 4096      /**< anchors of one trust domain */
#define STIR_MAX_PA 64             /**< certificates of the policy administrator in one trust domain; real ones have 3 */
#define STIR_MAX_DOMAINS 16        /**< trust domains of one snapshot */
#define STIR_MAX_CA_LIST (1u << 20) /**< bytes of the administrator's list of CAs, answer around it and all; 60 CAs take some 150 KB */
#define STIR_MAX_LISTED 400         /**< certificates of that list: below STIR_MAX_VALUES, so that the JSON around them fits */
#define STIR_MAX_PATHS 256         /**< signatures tried while one path is searched: hostile bundles cannot make it long */
#define STIR_MAX_AUTHORITY 65536    /**< bytes of an authority token: its TNAuthList has to fit a certificate, a chain may stand in its header */
#define STIR_MAX_JTI 256            /**< bytes of the identifier of an authority token; it is remembered */

/* CRLs */
#define STIR_MAX_CRL (2u << 20) /**< DER bytes of one CRL; the STI-PA's is some 100 KB */
#define STIR_MAX_CRLS 64        /**< CRLs of one trust domain */
#define STIR_MAX_REVOKED 65536  /**< entries of one CRL */
#define STIR_MAX_GRACE 2592000  /**< seconds that a list is used on after its end, 30 days: beyond that there is no revocation */

/* Replay */
#define STIR_MAX_REPLAY (1u << 30) /**< entries of one memory of seen tokens: 32 GiB */

/* Keys */
#define STIR_MAX_KEY_PEM 16384   /**< bytes of a key file */
#define STIR_MAX_PASSPHRASE 1024 /**< bytes of a passphrase: what OpenSSL's own reader takes */
#define STIR_ES256_SIG 64        /**< bytes of an ES256 signature, r||s (RFC 7518 §3.4) */
#define STIR_SHA256 32           /**< bytes of a SHA-256 digest */

#endif
