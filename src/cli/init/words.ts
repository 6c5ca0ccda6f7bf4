import { catalog } from '../../i18n/locale.ts'

export interface PromptWords {
  readonly title: string
  readonly where: readonly string[]
}

export const initWordsOf = catalog({
  en: {
    intro: [
      'This prompts for what budan needs, checks each answer, and writes it to a file. Enter takes what',
      'stands in brackets; Ctrl+C ends it, and nothing is written. The merchant console is at',
      'https://pay.weixin.qq.com.',
    ],
    prompts: {
      'wechat.mch_id': {
        title: 'Merchant number (商户号)',
        where: ['Merchant console: 账户中心 > 商户信息.'],
      },
      'wechat.app_id': {
        title: 'App id (AppID) that is bound to it',
        where: ['Merchant console: 产品中心 > AppID账号管理. It begins with wx.'],
      },
      'wechat.private_key_path': {
        title: "The merchant's private key: path of apiclient_key.pem",
        where: [
          'Merchant console: 账户中心 > API安全 > 商户API证书. The tool that made the certificate left it',
          'in its folder, beside apiclient_cert.pem. It cannot be downloaded again.',
        ],
      },
      'wechat.serial_no': {
        title: "Serial number of the merchant's certificate (商户API证书序列号)",
        where: [
          'Merchant console: 账户中心 > API安全 > 商户API证书 > 管理证书. Or give the path of',
          'apiclient_cert.pem, and it is read from there.',
        ],
      },
      'wechat.api_v3_key': {
        title: 'APIv3 key (APIv3密钥)',
        where: [
          'Merchant console: 账户中心 > API安全 > APIv3密钥. 32 characters that you set there; the console',
          'does not show them again.',
        ],
      },
      'wechat.public_key_id': {
        title: "Id of WeChat Pay's public key (微信支付公钥ID)",
        where: [
          'Merchant console: 账户中心 > API安全 > 微信支付公钥. It begins with PUB_KEY_ID_. Newer merchants',
          'have one; without one, platform certificates are fetched.',
        ],
      },
      'wechat.public_key_path': {
        title: "WeChat Pay's public key: path of pub_key.pem",
        where: ['Downloaded on the same page.'],
      },
      'wechat.notify_url': {
        title: 'Address for callbacks (支付回调的通知地址)',
        where: [
          'Where WeChat Pay reaches this budan from the internet:',
          'https://YOUR-HOST/v1/callbacks/wechatpay. Needed to place orders; not to check those that',
          'another system placed.',
        ],
      },
      'database.url': {
        title: 'Database',
        where: [
          'pglite:DIRECTORY is embedded, with nothing to install. For production:',
          'postgres://USER:PASSWORD@HOST/NAME.',
        ],
      },
      'server.api_token': {
        title: 'Token for the API and the console',
        where: ['Anybody who has it can place orders and see accounts.'],
      },
    } as Readonly<Record<string, PromptWords>>,
    /** The value that Enter accepts. */
    proposal: (value: string) => ` [${value}]`,
    hidden: ' (not shown)',
    optional: ' [none]',
    generated: ' [a new random one]',
    needed: 'is needed',
    overwrite: (file: string) => `${file} is there already. Overwrite it? [y/N] `,
    checkNow: (url: string) =>
      `Check now whether ${url} takes these keys? It changes nothing there. [Y/n] `,
    readFrom: (certificate: string) => `What stands in brackets was read from ${certificate}.`,
    otherCertificate: (certificate: string) =>
      `${certificate} is not the certificate of this private key.`,
    wrote: (file: string) => `wrote ${file}`,
    next: (option: string) =>
      `Next: \`budan doctor${option}\` looks at everything; \`budan serve${option}\` starts.`,
    secrets:
      'The file holds secrets, so only you can read it. They may live in the environment instead, as WECHAT_API_V3_KEY and SERVER_API_TOKEN.',
    yes: ['y', 'yes'],
  },
  zh: {
    intro: [
      '下面逐项询问 budan 所需的配置，当场检查每个回答，最后写入文件。直接回车采用方括号里的值；',
      '按 Ctrl+C 结束，不写任何文件。商户平台的地址是 https://pay.weixin.qq.com。',
    ],
    prompts: {
      'wechat.mch_id': {
        title: '商户号',
        where: ['商户平台：账户中心 > 商户信息。'],
      },
      'wechat.app_id': {
        title: '与商户号绑定的 AppID',
        where: ['商户平台：产品中心 > AppID账号管理。以 wx 开头。'],
      },
      'wechat.private_key_path': {
        title: '商户 API 私钥：apiclient_key.pem 的路径',
        where: [
          '商户平台：账户中心 > API安全 > 商户API证书。申请证书时由证书工具生成，与 apiclient_cert.pem',
          '在同一个文件夹里；商户平台不能再次下载。',
        ],
      },
      'wechat.serial_no': {
        title: '商户 API 证书序列号',
        where: [
          '商户平台：账户中心 > API安全 > 商户API证书 > 管理证书。也可以填 apiclient_cert.pem 的路径，',
          '从中读取。',
        ],
      },
      'wechat.api_v3_key': {
        title: 'APIv3 密钥',
        where: ['商户平台：账户中心 > API安全 > APIv3密钥。自行设置的 32 个字符，设置后不再显示。'],
      },
      'wechat.public_key_id': {
        title: '微信支付公钥 ID',
        where: [
          '商户平台：账户中心 > API安全 > 微信支付公钥。以 PUB_KEY_ID_ 开头。新商户都有；没有的话，',
          '使用自动下载的平台证书。',
        ],
      },
      'wechat.public_key_path': {
        title: '微信支付公钥：pub_key.pem 的路径',
        where: ['在同一页面下载。'],
      },
      'wechat.notify_url': {
        title: '支付回调的通知地址',
        where: [
          '微信支付从公网访问本服务的地址：https://你的域名/v1/callbacks/wechatpay。',
          '下单需要它；只查询、补单别处下的订单可以不填。',
        ],
      },
      'database.url': {
        title: '数据库',
        where: ['pglite:目录 是内嵌数据库，无需安装。生产环境：postgres://用户:密码@主机/库名。'],
      },
      'server.api_token': {
        title: 'API 和控制台的令牌',
        where: ['持有它的人可以下单、查看账户。'],
      },
    },
    proposal: (value) => ` [${value}]`,
    hidden: '（不回显）',
    optional: ' [无]',
    generated: ' [新生成的随机串]',
    needed: '必须填写',
    overwrite: (file) => `${file} 已存在，要覆盖吗？[y/N] `,
    checkNow: (url) => `现在就向 ${url} 验证这些密钥吗？不会改动那里的任何东西。[Y/n] `,
    readFrom: (certificate) => `方括号里的序列号读自 ${certificate}。`,
    otherCertificate: (certificate) => `${certificate} 不是这个私钥的证书。`,
    wrote: (file) => `已写入 ${file}`,
    next: (option) =>
      `下一步：\`budan doctor${option}\` 全面检查；\`budan serve${option}\` 启动服务。`,
    secrets:
      '文件里有密钥，只有你自己可读。也可以改放在环境变量 WECHAT_API_V3_KEY 和 SERVER_API_TOKEN 里。',
    yes: ['y', 'yes', '是', '好'],
  },
})
