import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { translate } from '../../src/i18n/translate.ts'
import { chinesePhrases } from '../../src/i18n/zh/phrases.ts'
import { alertSentences } from './alert-sentences.ts'
import { englishIn } from './chinese.ts'
import { proofFaults, proofFindings } from './proof-sentences.ts'
import { type Sentence, sentencesIn } from './sentences.ts'
import { webhookSentences } from './webhook-sentences.ts'

/** What is put together from parts, as a reader gets it. Its parts in the source are covered by it. */
const written = `
Cannot close order "1": no answer in time
Cannot read the bill "1": no such file
Cannot use the export "1": it is not CSV (2)
Cannot use the export "1": no such file
Cannot use the export "1": no column is recognized for order_no, amount among "a", "b": name it in a file for --map
The export has no column "1": "a", "b"
1: status.paid: "2" has another meaning already
1: columns.order_no: must name a column, like "订单号" or { column: 金额, unit: yuan }
1: colums: unknown key; did you mean columns?
--csv: "1" is one of the files to read
Cannot write "1": it is a directory
Cannot use the bill "1": it is empty
Cannot use the bill "1": line 2: the line does not have the fields that the titles name
Cannot use the bill "1": line 2: 订单金额 "1.234": it is not an amount in yuan with at most 2 places
Cannot use the bill "1": line 9: 总交易单数 "2": the lines add up to something else (1)
Cannot query order "1": its caller ended it
Cannot query order "1": rate limit: no slot before the deadline
Cannot query order "1": rate limit: no slot before the deadline (Cannot reserve slots of "1": database "2": it is closed)
Cannot query order "1": the rate limiter failed (Cannot reserve slots of "1": database "2": its connection was not free within 60 ms; inside a transaction, use its steps)
Cannot query order "1": the HTTP 200 answer is not of the expected shape
Cannot query order "1": the HTTP 200 answer cannot be verified, its timestamp is 400 s old
Cannot query order "1": the HTTP 200 answer cannot be verified, its timestamp is 400 s ahead
Cannot query order "1": the HTTP 200 answer cannot be verified, no key is held for serial "(not a serial)"
Cannot query order "1": the HTTP 200 answer cannot be verified, no key is held for serial "5" (Cannot fetch the platform certificates: HTTP 404 RESOURCE_NOT_EXISTS 无. This merchant has none: configure WeChat Pay's public key)
Cannot place order "1": no wechat.notify_url is configured
Cannot query order "1": the proxy does not let it through (403)
Cannot use a refund of merchant 1, 2: this is 3
Cannot use a payment of merchant 1: this is 2
order "1" is of merchant 2 (wechatpay), which is not configured
make a token for a person or a program, and its line for server.tokens
whose token it is, such as wang.li
of a person
of a program, such as orders:read,orders:place
a date, like 2027-01-31, or a time of RFC 3339
server.tokens[0].scopes: must be a list of scopes, like [orders:read]
server.tokens[0].role: give either a role or scopes
server.tokens: must be a list, like "- name: backend"
server.tokens: is a list of more than 1000 tokens
server.tokens[1].name: "a" is the name of another token as well
server.tokens[1].sha256: is the hash of token "a" as well
server.tokens[0].name: "budan" is a name that budan itself uses
server.tokens[0].sha256: a value of 5 characters is no SHA-256, which has 64 hexadecimal digits: give the line that budan token new printed
server.tokens[0].expires_at: "soon" is neither a date, like 2027-01-31, nor a time like 2027-01-31T08:00:00+08:00
server.tokens: none was set at the start: restart the service
server.tokens: none is set any more: restart the service
The token, which is shown only now:
Its line for server.tokens in the configuration:
--role: give either a role or scopes: --role viewer, or --scopes admin
make new ones with budan token new, or take them out of server.tokens
none; server.tokens has others
name: must be a string, and is missing
name: must be "wang.li", the name of the token, or left out
Cannot probe: no answer in time
Cannot open the database "pglite:1": its files are missing: copy pglite.data, pglite.wasm from @electric-sql/pglite/dist beside the bundle
Cannot open the database "pglite:1": "1/base" is in the way, and not of a whole database: take another directory, or move it away
Cannot use a callback of type "1": only "TRANSACTION.SUCCESS"
all 7 answers about known orders were "no such order": the merchant number, or the gateway's address, is not the one that they were placed under
none of 7 answers could be verified: they are not signed; a proxy on the way may strip headers
none of 7 answers could be verified: they fail in several ways: see the timelines
Cannot open the database in "1": it is not whole: pg_wal, pg_xact missing; copy the directory again, whole, while no process has it open, or restore it from a backup
Cannot open the database in "1": another budan process has it open; use its HTTP API or stop it
Cannot open the database "1": none of the hosts will do (2:1: read-only; 3: connect ECONNREFUSED 127.0.0.1:1); 2:1: name the primary in the url, or let it be written to (default_transaction_read_only); 3: nobody listens there: start PostgreSQL, or correct host and port
Cannot open the database "1": the connection was taken, and no session given in time; it waits for something itself, or has no time for us: see its log, and of a pooler whether its PostgreSQL is up
Cannot open the database "1": "/2" holds no certificate; name in sslrootcert a PEM file, with a line -----BEGIN CERTIFICATE-----
Cannot open the database "1": "/2" holds no private key; name in sslkey a PEM file, with a line -----BEGIN PRIVATE KEY-----
Cannot open the database "1": the key "/2" cannot be opened; sslpassword is not its password
Cannot open the database "1": "/2" is not the key of the certificate "/3"; name in sslcert and sslkey two files that belong together
database.url: its sslmode=verify_full is not done by budan, which takes disable, prefer
database.url: PGSSLMODE=allow is not done by budan, which takes disable, prefer
database.url: its requirepeer is not done by budan: take it out
database.url: its parameter ssl_mode is known to no client of PostgreSQL; did you mean sslmode?
database.url: its parameter ssl_mode is known to no client of PostgreSQL
database.url: its sslmode verify-ca needs sslrootcert, the file of the CA
database.url: its sslrootcert=system needs sslmode=verify-full
database.url: PGSSLNEGOTIATION=direct needs TLS: write sslmode=verify-full
database.url: its sslcert needs sslkey, the file of its key
database.url: PGSSLKEY needs sslcert, the file of its certificate
Cannot open the database "1": connect ECONNREFUSED 127.0.0.1:1; nobody listens there: start PostgreSQL, or correct host and port
Cannot probe: no such host is known (getaddrinfo ENOTFOUND 1)
Cannot probe: the proxy cannot be had: nobody listens there (connect ECONNREFUSED 127.0.0.1:1)
Cannot probe: HTTP 401 SIGN_ERROR 无; this machine's clock is 400 s behind the gateway's
Cannot probe: HTTP 403, a web page instead of an answer
Cannot probe: no DNS server answers (getaddrinfo EAI_AGAIN 1)
Cannot probe: no way leads there (connect EHOSTUNREACH 1)
Cannot probe: it takes no connection in time (connect ETIMEDOUT 1)
Cannot probe: its answer is too long (1)
Cannot probe: the connection was cut (other side closed)
Cannot probe: what answers there speaks no HTTP (1)
Cannot probe: what answers there speaks no TLS (1)
Cannot probe: what answers there speaks before it gets a request
Cannot probe: something on the way sends a page of its own before it gets a request
Cannot probe: the proxy opens no tunnel in time
Cannot probe: the gateway was stopped
created_at: must not be in the future, but is 2026-01-24T20:00:00+08:00
Idempotency-Key: must be 1 to 128 visible ASCII characters
wechat.public_key (WECHAT_PUBLIC_KEY): the key is in quotes: take its quotes away
server.api_token (SERVER_API_TOKEN): a value of 34 characters is in quotes: take its quotes away
wechat.private_key (WECHAT_PRIVATE_KEY): given together with wechat.private_key_path: give one of them
wechat.private_key: given together with wechat.private_key_path (WECHAT_PRIVATE_KEY_PATH): give one of them
wechat.public_key_id: not set, but wechat.public_key (WECHAT_PUBLIC_KEY) is: give both or neither
server.api_token: not set, and server.host (SERVER_HOST) "0.0.0.0" can be reached from other machines: set a token, or listen on 127.0.0.1
WECHAT_PRIVATE_KEY_FILE: the file "/1" is UTF-16 text: save it as UTF-8
WECHAT_PRIVATE_KEY_FILE: the file "/1" is a private key in DER form: turn it into PEM by openssl pkey -inform DER
WECHAT_PRIVATE_KEY_FILE: the file "/1" is in DER form, and opens neither as a key nor as a certificate
WECHAT_PRIVATE_KEY_FILE: the file "/1" is a bundle (PKCS#12), and not the PEM file that comes with it
server.api_token: is empty, or no text: leave it out
--reason: must have 1 to 500 characters, not blanks alone
--name: must not hold control characters or lone surrogates
Cannot probe: the proxy cannot be had: the connection was cut (other side closed)
have the proxy http://1:3128 lead to 2, or correct wechat.base_url: no WeChat Pay is at the other end
Cannot probe: its certificate is for others (1)
Cannot probe: its certificate has ended (1)
Cannot probe: its certificate has not begun (1)
Cannot probe: nobody whom this machine trusts vouches for its certificate (1)
Cannot probe: this machine lets this process open no more connections (1)
Cannot probe: the HTTP 200 answer cannot be verified, it is not signed: it is a web page
Cannot probe: the HTTP 200 answer cannot be verified, no key is held for serial "1": it is a public key, and none is configured
Cannot probe: the HTTP 200 answer cannot be verified, no key is held for serial "1": it is a public key, and "2" is configured
Cannot probe: the HTTP 200 answer cannot be verified, the certificate of serial "1" ended on 2026-01-24, by this machine's clock
Cannot probe: the HTTP 200 answer cannot be verified, the certificate of serial "1" begins on 2026-01-24 only, by this machine's clock
Cannot open the database in "1": it was made by an older budan: it holds PostgreSQL 16, and this budan opens 18; take another directory for new orders, and keep this one with the budan that made it until its orders are settled
Cannot open the database in "1": it was made by a newer budan: it holds PostgreSQL 19, and this budan opens 18; open it with the budan that made it
Cannot use the database "1": its setting 2 stays at "3" where "4" is needed; something between budan and PostgreSQL keeps it there; let it pass the setting on, or name the address of PostgreSQL itself
Cannot use the database "1": its server is PostgreSQL 12, and 13 is the oldest that is supported; move it to a newer PostgreSQL
Cannot use the database "1": the pooler in front of it has no second session to give; raise default_pool_size in PgBouncer: each process of budan needs up to 12
Cannot lock order "1": database "2": 只读; it is read-only: name the primary in the url, or let it be written to (default_transaction_read_only)
Cannot use the database "1": it is read-only; name the primary in the url, or let it be written to (default_transaction_read_only)
Cannot use the database "1": it has budan's tables in more than one schema (2, 3); say which one: add ?options=-c%20search_path%3DSCHEMA to the url
Cannot use the database "1": budan's tables are in a schema that is not in this user's search_path (2); say where to look, or where to make new ones: add ?options=-c%20search_path%3DSCHEMA to the url
32 bytes, and it could not be tried: this merchant has no platform certificates
wechat.private_key_path: private key "1" is UTF-16 text: save it as UTF-8
wechat.private_key_path: private key "1" is in DER form, and opens neither as a key nor as a certificate
wechat.private_key_path: private key "1" is a key of PuTTY: none for WeChat Pay
wechat.private_key_path: private key "1" is a key of SSH: none for WeChat Pay
wechat.private_key_path: private key "1" has no line -----BEGIN …-----: it is the middle of a key alone
wechat.private_key_path: private key "1" is not in PEM form: it has no line -----BEGIN …-----
wechat.private_key_path: private key "1" has nothing between its first and its last line
wechat.private_key_path: private key "1" has characters that are no Base64
wechat.api_v3_key: a value of 34 bytes is not an APIv3 key, which has 32: take its quotes away
correct wechat.base_url: what answers at https://1 is no WeChat Pay
Cannot use platform certificate "1": its own serial number is another one, 2
wechat.private_key_path: private key "1" is a private key in DER form: turn it into PEM by openssl pkey -inform DER
no run has finished yet: runs do not finish
no order is closed meanwhile: the database's clock is 10800 s ahead of this node's; the database's clock is 10799 s ahead of the gateway's
runs are held back: 403: this merchant may not query
no order is closed meanwhile: the gateway's clock is 90 s behind this node's
Cannot read its time: database "1": connect ECONNREFUSED 127.0.0.1:1
name: must have 1 to 64 characters, not blanks alone; reason: must not hold control characters or lone surrogates, not "\\u0000"
user_id: must be a string, and is missing; amount: must be an integer from 1 to 9 (fen), not null
action: must be one of 1, 2, 3, not "4"
Cannot find order "1"
Cannot find run "1"
Cannot find session "1"
show: must be one of 1, not "2"
outcome: must be one of 1, 2, not "3"
page: must be a number from 1, not "0"
The gateway did not answer (timeout: Cannot place order "1": no answer in time): repeat with the same Idempotency-Key
No such route: GET /1
Authorization: a Bearer token is needed
Authorization: the token is wrong
Cannot credit it: order "1" is not review, state 2, as it was when it was locked
Cannot open the database by its url: is not a URL (a password may need percent-encoding)
Cannot open the engine by its url: is not a URL (a password may need percent-encoding)
Cannot use the base url of the gateway: it is not a URL without credentials
The database is behind by 1 migration: run \`budan migrate\`
The database is behind by 2 migrations: run \`budan migrate\`
RECHARGE_1: unknown environment name
RECHARGE_1: unknown environment name; did you mean RECHARGE_2?
server.port: unknown key; did you mean api_token?
1: unknown section; did you mean 2?
server: must hold keys, like "key: value"
server.port (SERVER_PORT): "0x1" is not a plain number
database.retention_days: "3" is below the least, 7 (0 keeps everything)
recharge.order_ttl_mins: "99999" is above the most, 21600 (WeChat Pay keeps no order open for longer than 15 days)
wechat.mch_id: not set (nor is WECHAT_MCH_ID)
wechat: not set: give the merchant, or a gateway of your own
merchants: several are configured: give --merchant, or merchant in the source
sources: they are of several merchants: choose by --merchant or --source
sources[0].merchant: "x" is none that is configured
--merchant: "x" is none that is configured
--merchant: no source that is to be read is of "x"
merchant: must be given, because several are configured: 1, 2
merchant: "1" is none that is configured
merchants: is a list of more than 1000 merchants
wechat: given together with merchants: give one of them
wechat (WECHAT_MCH_ID): given together with merchants: give one of them
merchants[1] (shop-b).mch_id: not set (nor is MERCHANTS_SHOP_B_MCH_ID)
merchants[0].name: "1" is no name of a merchant: 1 to 63 of 0-9 A-Z a-z . _ -, the first a letter or digit
merchants[1] (shop-b).user_prefix: "1/" begins no user id: 1 to 32 of 0-9 A-Z a-z _ . : -
merchants[1] (shop-b).mch_id (MERCHANTS_SHOP_B_MCH_ID): "1" is that of merchants[0] (shop-a) as well
merchants[1] (shop-b).api_v3_key: a value of 5 bytes is not an APIv3 key, which has 32
merchants[1] (shop-a).name: "shop-a" is the name of merchants[0] (shop-a) as well
merchants[1] (Shop.A).name: "Shop.A" has the same names in the environment as merchants[0] (shop-a): MERCHANTS_SHOP_A_…
merchants[1] (shop-b).private_key_path: the key is that of merchants[0] (shop-a), whose serial_no is another
merchants[1] (shop-b).public_key_path: the key is that of merchants[0] (shop-a), whose public_key_id is another
merchants[1] (shop-b).gateway: must be a single value, not a list or a mapping
merchants[1] (shop-b).serial_no: a value of 32 characters is that of merchants[0] (shop-a), whose private key is another
merchants[1] (shop-b).public_key_id: "1" is that of merchants[0] (shop-a), whose public key is another
merchants[1] (shop-b).public_key_path: the key is the public half of the private key of merchants[0] (shop-a): give WeChat Pay's public key, downloaded from the merchant console
merchants[1] (shop-b).private_key (MERCHANTS_SHOP_B_PRIVATE_KEY): given together with merchants[1].private_key_path: give one of them
merchants[1] (shop-b).public_key_path: not set, but merchants[1].public_key_id is: give both or neither
merchants[0] (shop-a).api_v3_key_file: Cannot read the file "/1": no such file
merchants[0] (shop-a).private_key_path: private key "1" is cut off: its line -----END …----- is missing
set merchants[1] (shop-b).mch_id, in the file or the environment
correct merchants[1] (shop-b).mch_id: docs/configuration.md says what it takes
correct the name merchants[1] (shop-b).mchid_x, or take it out
compare the keys of merchants[1] (shop-b) with the merchant console
compare the keys of wechat with the merchant console
take merchants[1] (shop-b).mch_id, serial_no and private_key_path from one download of the merchant console: one of them is of another
set merchants[1] (shop-b).notify_url to https://YOUR-HOST/v1/callbacks/wechatpay/shop-b
try again in a minute; if it stays, lower merchants[1] (shop-b).max_qps
wechat.private_key: the key has lost its line ends
wechat.private_key_path: private key "1" is cut off: its line -----END …----- is missing
wechat.private_key: the key is a certificate: give apiclient_key.pem
wechat.private_key: given together with wechat.private_key_path: give one of them
WECHAT_API_V3_KEY_FILE: given together with WECHAT_API_V3_KEY: give one of them
WECHAT_API_V3_KEY_FILE: Cannot read the file "/1": no such file
WECHAT_API_V3_KEY_FILE: Cannot read the file that it names: no such file
WECHAT_API_V3_KEY_FILE: the file "/1" is empty
database.url: "/1" holds no database, but "/2" does; a path is relative to the file that names it. Give the whole path: pglite:/2 to go on with that one, pglite:/1 to begin a new one
database.url (DATABASE_URL): "/1" holds no database, but "/2" does; a path in the environment is relative to the working directory. Give the whole path: pglite:/2 to go on with that one, pglite:/1 to begin a new one
Cannot listen on "127.0.0.1" port 9090: EADDRINUSE, another program listens there: end it, or give another --port
Cannot listen on "127.0.0.1" port 9: EACCES, this user may not: give a server.port (SERVER_PORT) from 1024 on
wechat.public_key_id: not set, but wechat.public_key_path is: give both or neither
wechat.serial_no: a value of 32 characters is not a serial number: hex digits only
server.api_token: not set, and server.host "0.0.0.0" can be reached from other machines: set a token, or listen on 127.0.0.1
server.api_token: is the one of the example, which everybody knows: make one with openssl rand -base64 24
server.api_token: has 8 characters: where other machines can try, 32 are needed; make one with openssl rand -base64 24
server.api_token: is not random: where other machines can try, it has to be; make one with openssl rand -base64 24
server.trusted_proxies[0]: "x" is not an IP address or a CIDR, like 10.0.0.0/8
wechat.private_key_path: private key "1" is a bundle (PKCS#12), and not the PEM file that comes with it
wechat.public_key_path: public key "1" is a certificate: give WeChat Pay's public key, downloaded from the merchant console
wechat.public_key_path: public key "1" is a private key: give WeChat Pay's public key, downloaded from the merchant console
wechat.public_key_path: the key is the public half of the merchant's own private key: give WeChat Pay's public key, downloaded from the merchant console
--name: needs one of --credit, --expire and --dismiss
--name: must have 1 to 64 characters, not blanks alone
error: option '--limit <count>' argument '0' is invalid. It must be a whole number from 1 to 200.
error: option '--name <name>' argument '' is invalid. It must have 1 to 64 characters, not blanks alone.
a whole number from 1 to 200 (default: 50)
order 1 is expired now
order 1 is dismissed from the queue
run 1 finished: total=1 success=1 failed=0 skipped=0 duration_ms=5 (dry run: nothing was changed)
1 order is still due; at 50 every 5 min they are done in 3 d 4 h
2 orders are still due; at 20 a second they are done in 5 min
Querying 2 orders
Querying 1 order
2 orders are due
1 run: total=1 success=1 failed=0 skipped=0 duration_ms=5
3 runs: total=1 success=1 failed=0 skipped=0 duration_ms=5
stopped by a signal; 2 orders are still due
stopped, because every query would fail: 403: this merchant may not query; 1 order is still due
stopped: the last run got no answer to any query; 2 orders are still due
stopped: every order that was due at the start was queried, and orders come due as fast as they are queried; 2 orders are still due
Cannot resume from "/1": line 2 is damaged
Cannot resume from "/1": it is about merchant 1 (wechatpay), and this report is about merchant 2 (wechatpay)
Cannot resume from "/1": it is about app ids 1, 2, and this report is about app ids 1
Cannot resume from "/1": it is about source "1" (2), and this report is about sources "3" (4), "5" (6)
Cannot resume from "/1": it is about 16 days, and this report is about 3, 4 days
stopped: Cannot count due orders: database "1": connect ECONNREFUSED 127.0.0.1:1
nothing is due now, but 2 orders are still without an answer
WECHAT_API_V3_KEY: not set, and there is no terminal to prompt on
--mch-id: not given (nor is WECHAT_MCH_ID), and there is no terminal to prompt on
./1: is there already: give --force to overwrite it
--config: "1" is a directory
wechat.serial_no: Cannot read certificate "1"
Cannot write configuration "1": it cannot be written (ENOSPC)
sources.url: has a parameter 1, and takes only 2, 3
sources[0].url: not set, and budan's own database is embedded: give the url of the shop's database
sources.url_file: given together with url: give one of them
sources.preset: "1" is no preset: there are 1, 2
sources.preset: a list or a mapping is no preset: there are 1, 2
sources.columns.created_at.zone: not set, and the preset 1 cannot know it: 时区
source "1" columns.user_id: 2.3 has no column "4"; did you mean 5? It has 5, 6
source "1" columns.created_at.zone: "2" is of the type 3, which has no time zone: give the one that it is written in, like Asia/Shanghai
source "1" columns.created_at.unix: "2" is of the type 3, not a number: leave unix out
source "1" columns.created_at.unix: "2" is of the type 3: give s or ms, its unit since 1970
source "1" columns.created_at: "2" is of the type 3, which is no time: make a view that converts it
source "1" columns.amount: "2" is of the type 3, which is no amount
source "1" status.pending: "2" is no value of "3", which is of the type 4
source "1" only.method: "2" is no value of "method", which is of the type 3
source "1" table: mysql://2 has no table or view "3", or this user may not see it
Cannot examine source "1" (2.3): 4; correct user and password in its url
Cannot open source "1": 2; grant this user the right to read: \`grant select on TABLE\`
Cannot count the rows of source "1" (2.3): 4; it was ended after 5 s: create the index that \`budan sources\` names
Cannot read rows again from source "1" (2.3): 4; it takes no connection in time: a firewall may drop what is sent there
Cannot read source "1" (2.3): 4
To credit it, type the order's number (1): 
Cannot keep the merchant in "1": it is a file
all is well, after 1.2 s
Its control interface is http://127.0.0.1:1/_sim; seed 1, signing 1.
The simulator's control interface is http://127.0.0.1:1/_sim. Ctrl+C ends both.
Cannot place an order: 500 1
5 s ahead of https://api.mch.weixin.qq.com
this one was not signed, so the certificates could not be tried
this one was not signed, so the public key "1" could not be tried
Several merchants have an order "1": 2/3, 4/5; say which is meant
`

const examples = [
  written.trim().split('\n'),
  proofFaults,
  proofFindings,
  alertSentences,
  webhookSentences,
].flat()

/** Texts for the program itself, for other programs, or for developers. */
const unread = [
  "return redis.call('DEL', KEYS[1])", // a script
  'check an order that exists by the budan that runs: POST /v1/orders/{order_no}/check verifies its answer', // its gap is no gap of a phrase
  'Unlisted case: {}',
  'aborted before it was sent', // shown as "no answer in time"
  'not verified',
  'budan node/{}', // a header
  'Basic {}', // the same
  'npx budan', // to be typed
  'the connection was closed', // the log's
  'This node failed: another may succeed', // the queue's
  "Cannot read the page cursor {}: it is not one of this list's", // shown as "cursor: must be …"
  'waiting {}', // a key
  'Cannot read the cursor: it is not one of a replay', // shown as "cursor: must be …"
  'Cannot review: {}{}', // the API's
  '; preview it again',
  'no reason given', // there always is one
  'it is no tar archive', // the image's: then the database is made the long way
  'the archive breaks off',
  ' --config {}', // to be typed
  'budan report', // the same
  'application/json; charset=utf-8',
  '# Written anew by each start of budan simulator.\n{}', // a file's
]

/** Their sentences are translated elsewhere, or not at all. */
const unwanted = [
  /^src\/(i18n|telemetry)\//,
  // The description of the API.
  /^src\/web\/(api\/(callback|requests\/merchant-query|exceptions\/shapes|shapes\/[\w-]+)|openapi|schema|web-app)\.ts$/,
  // Developers who use the library read these.
  /^src\/orders\/validate\.ts$/,
  // Statements and data.
  /^src\/store\/(migrations\/|driver|exceptions\/rows|sql\/(rows|runs\/runs|upkeep\/vitals))/,
  /^src\/sources\/(databases\/|statements|helper-table|traps|connect\/propose)/,
  // They have a catalogue in each language, which types keep whole.
  /^src\/(domain\/(reason|review\/former-reasons)|orders\/(explanation|review-advice))\.ts$/,
  // The console and the prompts of `init` have words of their own; scripts of shells are no sentences.
  /console\/|cli\/(completion\/|terminal\/columns)|words?\.ts$|comments\.ts$/,
]

const isWanted = (path: string) => unwanted.every((pattern) => !pattern.test(path))

describe('the program', () => {
  const gap = /\{\w+(:\w+\??)?\}/g
  const known = new Set(
    Object.values(chinesePhrases).flatMap((phrases) =>
      Object.keys(phrases).map((phrase) => phrase.replaceAll(gap, '{}')),
    ),
  )

  const root = join(import.meta.dirname, '../..')
  const advice =
    'add it to the phrases in src/i18n/zh/; where it is put together from parts, add an example here as well'
  const lackingOf = (sentences: readonly Sentence[]) =>
    sentences
      .filter(({ skeleton }) => !known.has(skeleton.trim()) && !unread.includes(skeleton))
      .filter(({ skeleton }) => !isPartOfExample(skeleton))

  it('makes no sentence that has no Chinese', () => {
    const sentences = sentencesIn(root, isWanted)
    expect(sentences.length).toBeGreaterThan(400)
    expect(lackingOf(sentences), advice).toEqual([])
  })

  it('refuses nothing on a page in words that have no Chinese', () => {
    const sentences = sentencesIn(root, (path) => path.startsWith('src/web/console/'), ['message'])
    expect(sentences.length).toBeGreaterThan(5)
    expect(lackingOf(sentences), advice).toEqual([])
  })

  it.each(examples)('says in Chinese: %s', (english) => {
    const chinese = translate(english, 'zh')
    expect(chinese).toMatch(/\p{Script=Han}/u)
    expect({ chinese, left: englishIn(chinese) }).toEqual({ chinese, left: [] })
  })
})

function isPartOfExample(skeleton: string): boolean {
  const words = skeleton
    .trim()
    .split('{}')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(words.join('.*?'))
  return examples.some((example) => pattern.test(example))
}
