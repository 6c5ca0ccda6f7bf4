import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { presetNames } from '../../src/config/sources/presets.ts'
import { type MariadbServer, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { mysqlAt, postgresAt, readTable, type Sql } from './tables.ts'

/** A table of the preset's shape with three rows: unpaid, ended, and paid. */
interface Shape {
  readonly preset: string
  readonly database: 'mysql' | 'postgres'
  /** What the preset leaves to the person. */
  readonly given: string
  readonly create: readonly string[]
  readonly insert: readonly string[]
}

const zone = 'zone: Asia/Shanghai'

const shapes: readonly Shape[] = [
  {
    preset: 'sub2api',
    database: 'postgres',
    given: 'only: { payment_type: wxpay }',
    create: [
      `create table payment_orders (id bigserial primary key, user_id bigint not null, amount decimal(20,2),
        pay_amount decimal(20,2), out_trade_no varchar(64) not null default '', payment_type varchar(30),
        payment_trade_no varchar(128) not null, status varchar(30) not null default 'PENDING',
        expires_at timestamptz not null, paid_at timestamptz, created_at timestamptz not null)`,
      "create unique index on payment_orders (out_trade_no) where out_trade_no <> ''",
    ],
    insert: [
      `insert into payment_orders (user_id, amount, pay_amount, out_trade_no, payment_type, payment_trade_no,
        status, expires_at, created_at) values
        (7, 70, 12.34, 'sub2_a01', 'wxpay', '', 'PENDING', '2026-05-19 12:30+08', '2026-05-19 12:00+08'),
        (7, 70, 12.34, 'sub2_a02', 'wxpay', '', 'EXPIRED', '2026-05-19 12:30+08', '2026-05-19 12:00+08'),
        (7, 70, 12.34, 'sub2_a03', 'wxpay', 'x', 'COMPLETED', '2026-05-19 12:30+08', '2026-05-19 12:00+08'),
        (7, 70, 12.34, 'sub2_a04', 'alipay', '', 'PENDING', '2026-05-19 12:30+08', '2026-05-19 12:00+08')`,
    ],
  },
  {
    preset: 'sub2api-fork',
    database: 'postgres',
    given: '',
    create: [
      `create table recharge_orders (id bigserial primary key, order_no varchar(50) not null unique,
        user_id bigint not null, amount decimal(20,2) not null, payment_method varchar(20) not null,
        status varchar(20) not null default 'pending', wechat_transaction_id varchar(64),
        expire_at timestamptz not null, paid_at timestamptz, created_at timestamptz not null)`,
    ],
    insert: [
      `insert into recharge_orders (order_no, user_id, amount, payment_method, status, expire_at, created_at) values
        ('RECH01', 7, 12.34, 'wechat_pay', 'pending', '2026-05-19 12:30+08', '2026-05-19 12:00+08'),
        ('RECH02', 7, 12.34, 'wechat_pay', 'expired', '2026-05-19 12:30+08', '2026-05-19 12:00+08'),
        ('RECH03', 7, 12.34, 'wechat_pay', 'paid', '2026-05-19 12:30+08', '2026-05-19 12:00+08'),
        ('RECH04', 7, 12.34, 'alipay', 'pending', '2026-05-19 12:30+08', '2026-05-19 12:00+08')`,
    ],
  },
  {
    preset: 'xboard',
    database: 'mysql',
    given: 'only: { payment_id: 3 }',
    create: [
      `create table v2_order (id int auto_increment primary key, user_id int not null, payment_id int,
        trade_no varchar(36) not null unique, callback_no varchar(255), total_amount int not null,
        handling_amount int, status int not null default 0, paid_at int, created_at int not null)`,
    ],
    insert: [
      `insert into v2_order (user_id, payment_id, trade_no, total_amount, handling_amount, status, created_at) values
        (7, 3, '2026051912000001', 1200, 34, 0, 1779163200), (7, 3, '2026051912000002', 1234, null, 2, 1779163200),
        (7, 3, '2026051912000003', 1200, 34, 3, 1779163200), (7, 1, '2026051912000004', 1200, 34, 0, 1779163200)`,
    ],
  },
  {
    preset: 'jeepay',
    database: 'mysql',
    given: `columns: { expires_at: { ${zone} } }`,
    create: [
      `create table t_pay_order (pay_order_id varchar(30) not null primary key, mch_no varchar(64) not null,
        if_code varchar(20), amount bigint not null, state tinyint not null default 0,
        channel_user varchar(64), channel_order_no varchar(64), expired_time datetime, success_time datetime,
        created_at timestamp(3) not null default current_timestamp(3)) charset utf8mb4`,
    ],
    insert: [
      `insert into t_pay_order (pay_order_id, mch_no, if_code, amount, state, expired_time, created_at) values
        ('P01', 'M7', 'wxpay', 1234, 1, '2026-05-19 12:30:00', '2026-05-19 04:00:00'),
        ('P02', 'M7', 'wxpay', 1234, 6, '2026-05-19 12:30:00', '2026-05-19 04:00:00'),
        ('P03', 'M7', 'wxpay', 1234, 2, '2026-05-19 12:30:00', '2026-05-19 04:00:00'),
        ('P04', 'M7', 'alipay', 1234, 1, '2026-05-19 12:30:00', '2026-05-19 04:00:00')`,
    ],
  },
  {
    preset: 'dujiaoka',
    database: 'mysql',
    given: 'only: { pay_id: 2, deleted_at: null }',
    create: [
      `create table orders (id bigint auto_increment primary key, order_sn varchar(150) not null unique,
        email varchar(200) not null, actual_price decimal(10,2) not null, pay_id int, trade_no varchar(200) not null default '',
        status tinyint not null, created_at timestamp null, deleted_at timestamp null)`,
    ],
    insert: [
      `insert into orders (order_sn, email, actual_price, pay_id, status, created_at, deleted_at) values
        ('D001', 'a@b.cn', 12.34, 2, 1, '2026-05-19 04:00:00', null), ('D002', 'a@b.cn', 12.34, 2, -1, '2026-05-19 04:00:00', null),
        ('D003', 'a@b.cn', 12.34, 2, 4, '2026-05-19 04:00:00', null), ('D004', 'a@b.cn', 12.34, 2, 1, '2026-05-19 04:00:00', now())`,
    ],
  },
  {
    preset: 'litemall',
    database: 'mysql',
    given: `columns: { created_at: { ${zone} } }`,
    create: [
      `create table litemall_order (id int auto_increment primary key, user_id int not null, order_sn varchar(63) not null,
        order_status smallint not null, actual_price decimal(10,2) not null, pay_id varchar(63), pay_time datetime,
        add_time datetime, deleted tinyint(1) default 0)`,
    ],
    insert: [
      `insert into litemall_order (user_id, order_sn, order_status, actual_price, add_time, deleted) values
        (7, 'L01', 101, 12.34, '2026-05-19 12:00:00', 0), (7, 'L02', 103, 12.34, '2026-05-19 12:00:00', 0),
        (7, 'L03', 201, 12.34, '2026-05-19 12:00:00', 0), (7, 'L04', 101, 12.34, '2026-05-19 12:00:00', 1)`,
    ],
  },
  {
    preset: 'ruoyi-vue-pro',
    database: 'mysql',
    given: `columns: { created_at: { ${zone} }, expires_at: { ${zone} } }`,
    create: [
      `create table pay_order (id bigint auto_increment primary key, user_id bigint, price int not null, status tinyint not null,
        expire_time datetime not null, deleted bit(1) not null default b'0')`,
      `create table pay_order_extension (id bigint auto_increment primary key, no varchar(64) not null, order_id bigint not null,
        channel_code varchar(32) not null, status tinyint not null, create_time datetime not null, deleted bit(1) not null default b'0')`,
      `create view budan_pay_orders as
        select e.id, e.no, o.user_id, o.price, e.create_time, o.expire_time, e.status
        from pay_order_extension e join pay_order o on o.id = e.order_id
        where e.channel_code like 'wx\\_%' and e.deleted = 0 and o.deleted = 0`,
    ],
    insert: [
      "insert into pay_order (user_id, price, status, expire_time) values (7, 1234, 0, '2026-05-19 12:30:00')",
      `insert into pay_order_extension (no, order_id, channel_code, status, create_time) values
        ('R01', 1, 'wx_native', 0, '2026-05-19 12:00:00'), ('R02', 1, 'wx_lite', 30, '2026-05-19 12:00:00'),
        ('R03', 1, 'wx_native', 10, '2026-05-19 12:00:00'), ('R04', 1, 'alipay_qr', 0, '2026-05-19 12:00:00')`,
    ],
  },
]

const isSkipped = withoutMariadb()

describe('a preset', () => {
  const folder = mkdtempSync(join(tmpdir(), 'budan-presets-'))
  let mariadb: MariadbServer | null = null
  let postgres: PostgresServer
  beforeAll(async () => {
    mariadb = isSkipped ? null : await startMariadb()
    postgres = await startPostgres({ isDurable: false })
  }, 180_000)
  afterAll(async () => {
    await Promise.all([mariadb?.stop(), postgres?.stop()])
    rmSync(folder, { recursive: true })
  })

  const load = (lines: readonly string[]) => {
    const file = join(folder, 'budan.yaml')
    writeFileSync(
      file,
      `sources:\n  - name: shop\n${lines.map((line) => `    ${line}\n`).join('')}`,
    )
    return loadConfig({ file, env: {}, need: 'database' }).sources?.[0]
  }

  it('is tested here, each of them', () => {
    expect(shapes.map(({ preset }) => preset).sort()).toEqual(presetNames())
  })

  it.each(shapes)('$preset reads a table of its shape', async (shape) => {
    if (shape.database === 'mysql' && mariadb === null) return
    const url = (shape.database === 'mysql' ? mariadb?.url : postgres.url) ?? ''
    const sql: Sql = await (shape.database === 'mysql' ? mysqlAt : postgresAt)(url)
    await sql.run(...shape.create, ...shape.insert)
    await sql.close()
    const config = load([`url: ${url}`, `preset: ${shape.preset}`, shape.given])
    if (config === undefined) throw new Error('no source was read')
    const { orders, faults } = await readTable({ ...config, days: 16 })
    expect(faults).toEqual([])
    const createdAt = new Date('2026-05-19T04:00:00Z')
    expect(orders.map(({ standing }) => standing).sort()).toEqual(['pending', 'revivable'])
    for (const order of orders) expect(order).toMatchObject({ amount: 1234n, createdAt })
  })

  it.each(shapes.filter(({ given }) => given !== ''))(
    '$preset says what it does not know',
    ({ preset, given }) => {
      const url = 'url: mysql://h/d'
      expect(() => load([url, `preset: ${preset}`])).toThrow(`the preset ${preset} cannot know it`)
      expect(() => load([url, `preset: ${preset}`, given])).not.toThrow()
    },
  )
})
