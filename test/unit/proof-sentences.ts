/** Faults of proof keys, as a reader gets them. */
export const proofFaults: readonly string[] = [
  'proof.keys: not set, and no key was made here: --seal-old needs the key of the nodes',
  'proof.keys: must be a list, like "- id: k1"',
  'proof.keys: is an empty list: give at least one key, or leave the key out',
  'proof.keys: is a list of more than 100 keys',
  'proof.keys[1].id: "k1" is the id of another key as well',
  'proof.keys[1].secret: is the secret of key "k1" as well',
  'proof.keys[0].id: "k 1" is no id of a key: 1 to 32 of 0-9 A-Z a-z _ -',
  'proof.keys[0].id (PROOF_KEYS): a value of 36 characters is no id of a key: 1 to 32 of 0-9 A-Z a-z _ -',
  'proof.keys[0].secret: is the one of the docs, which everybody knows: make one with openssl rand -base64 32',
  'proof.keys[0].secret: a value of 5 characters is no secret of a key, which has 32 or more: make one with openssl rand -base64 32',
  'proof.keys[0].secret_file: given together with secret: give one of them',
  'proof.keys (PROOF_KEYS): it is not of the form ID:SECRET',
  'proof.keys (PROOF_KEYS): part 2 is not of the form ID:SECRET',
  'proof.keys (PROOF_KEYS_FILE): it is not JSON',
  'proof.keys (PROOF_KEYS_FILE): it is not {"keys":[{"id":"…","secret":"…"}]}',
  'proof.keys (PROOF_KEYS_FILE): it has an id or a secret twice, or more than 100 keys',
  'proof: "/1/2.json" is damaged, it is too big: put a copy of it back; a new key would verify no credit of before',
  'proof: "/1/2.json" is damaged, it is not {"keys":[{"id":"…","secret":"…"}]}: put a copy of it back; a new key would verify no credit of before',
  'proof: Cannot read the keys of proofs in "/1/2.json": permission denied',
]

/** What doctor says of them. */
export const proofFindings: readonly string[] = [
  '1, of proof.keys',
  '3, of proof.keys; to verify by also 2, 1',
]
