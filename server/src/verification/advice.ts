import type { Title } from '../kernel/error.ts';
import type { Diagnosis } from './which-factor.ts';

/** A sentence for the member: what to do next. It names no provider, and repeats nothing that was entered. */
export function adviceFor({ cause, confidence }: Pick<Diagnosis, 'cause' | 'confidence'>): Title {
  if (cause === 'reservedMobile' && confidence === 'single') return UNCONFIRMED_MOBILE;
  return ADVICE[cause];
}

/** One source said so: it may be a copy that is behind, by three working days at most as a rule. */
const UNCONFIRMED_MOBILE: Title = {
  en: 'Name, identity number and card agree; the mobile does not. Check which mobile the bank has for this card. If you changed it at the bank lately, try again in 3 working days.',
  zh: '姓名、证件号与卡号一致，手机号不一致。请核对该卡在银行预留的手机号；如近期在银行变更过，请三个工作日后再试。',
};

const ADVICE: Readonly<Record<Diagnosis['cause'], Title>> = {
  none: { en: 'The card is yours.', zh: '银行卡验证通过。' },
  reservedMobile: {
    en: 'The mobile is not the one that the bank has for this card. Enter that one, or change it at the bank first.',
    zh: '手机号与银行预留手机号不一致。请填写银行预留的手机号，或先到银行更新。',
  },
  noReservedMobile: {
    en: 'The bank has no mobile for this card. Leave yours with the bank, then bind the card.',
    zh: '该卡未在银行预留手机号。请先到银行预留手机号，再绑卡。',
  },
  identityNumber: {
    en: 'The identity number is not the one that the account was opened with. Check which document was used.',
    zh: '证件号与开户证件不一致。请核对开户时使用的证件。',
  },
  name: {
    en: 'The name is not the one that the bank has. Enter it just as it stands at the bank.',
    zh: '姓名与银行登记的不一致。请按银行登记的姓名填写。',
  },
  nameOrCard: {
    en: 'Name and card do not belong together. Check the card number, and the name as the bank has it.',
    zh: '姓名与卡号不匹配。请核对卡号，以及银行登记的姓名。',
  },
  identityOrName: {
    en: 'Name or identity number differs from what the bank has for this card. Check both, and the card number.',
    zh: '姓名或证件号与银行登记的不一致。请核对姓名、证件号及卡号。',
  },
  someFactor: {
    en: 'Something differs from what the bank has. Check card number, name, identity number and mobile.',
    zh: '信息与银行登记的不一致。请核对卡号、姓名、证件号和手机号。',
  },
  cardInvalid: {
    en: 'There is no such card. Check the number.',
    zh: '卡号不存在。请核对卡号。',
  },
  cardStatus: {
    en: 'The bank does not let this card be used now. Ask the bank, or bind another card.',
    zh: '该卡当前状态异常。请联系发卡银行，或更换银行卡。',
  },
  notEnrolled: {
    en: 'The card is not open for payments without the card. Open it at the bank, or bind another one.',
    zh: '该卡未开通无卡支付。请在发卡银行开通，或更换银行卡。',
  },
  unsupportedBank: {
    en: 'Cards of this bank cannot be verified yet. Bind a card of another bank.',
    zh: '暂不支持该银行的卡。请更换其他银行的卡。',
  },
  limited: {
    en: 'This card was tried too often. Try again tomorrow.',
    zh: '该卡验证次数过多。请明日再试。',
  },
  noAnswer: {
    en: 'The bank did not answer. Nothing is wrong with what you entered as far as is known; try again later.',
    zh: '银行暂未应答，并非您填写的信息有误。请稍后再试。',
  },
  providersDisagree: {
    en: 'The sources disagree. Try again later, or ask the bank whether your details are up to date.',
    zh: '核验渠道结果不一致。请稍后再试，或向银行确认预留信息是否为最新。',
  },
};
