import type { Bank } from './bank.ts';
import { auditBooks, latestEntries, listAccounts } from './books.ts';
import { FAULT_KINDS } from './faults.ts';
import { yuan } from './money.ts';

const ENTRIES_SHOWN = 20;

/** The operator's page (中文 and English): send a transfer, move the clock, script a fault, see the books. */
export function renderPage(bank: Bank): string {
  const { store, clock, faults } = bank;
  const wrong = auditBooks(store);
  const accounts = listAccounts(store);
  const kinds = Object.entries(FAULT_KINDS).map(
    ([kind, meaning]) => `<option value="${kind}">${kind}: ${escapeHtml(meaning)}</option>`,
  );
  return `<!doctype html><html lang="zh"><meta charset="utf-8"><title>Sandbox bank 沙箱银行</title>
<style>body{font:15px/1.5 system-ui;max-width:72rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ddd;padding:.2rem .6rem;text-align:left}td.n{text-align:right;font-variant-numeric:tabular-nums}
form{display:flex;flex-wrap:wrap;gap:.5rem;margin:.5rem 0}input,select,button{font:inherit;padding:.2rem .4rem}select{max-width:36rem}</style>
<h1>Sandbox bank 沙箱银行</h1>
<p>${clock.now().toISOString()}${clock.frozen ? ' (frozen 已停)' : ''} · ${
    wrong.length === 0 ? 'The books balance 账平' : escapeHtml(wrong.join('; '))
  }</p>
<h2>Send a bank transfer 汇款</h2>
<form data-method="POST" data-path="/operator/transfers">
<input name="to" placeholder="to: account or virtual account 收款账号" size="32" required>
<input name="amount" placeholder="12.30" required>
<input name="payerName" placeholder="payer 付款人"><input name="payerAccount" placeholder="payer's account 付款账号">
<input name="remittance" placeholder="remittance 附言"><button>Send 汇出</button></form>
<h2>Clock 时钟</h2>
<form data-method="PUT" data-path="/operator/clock"><input name="advanceSeconds" type="number" min="1" value="86400" required>
<button>Move on by seconds 前移（秒）</button></form>
<h2>Faults 故障</h2>
<form data-method="POST" data-path="/operator/faults"><select name="kind">${kinds.join('')}</select>
<input name="times" type="number" min="1" placeholder="times 次数"><input name="perMillion" type="number" placeholder="per million 概率">
<input name="value" type="number" placeholder="value 数值"><button>Add 添加</button></form>
<form data-method="DELETE" data-path="/operator/faults"><button>Remove all ${faults.list().length} 全部移除</button></form>
<table><tr><th>kind<th>operation<th>times left<th>per million<th>value<th>text</tr>${faults
    .list()
    .map((f) => row([f.kind, f.operation ?? '', f.remaining ?? '∞', f.perMillion, f.value, f.text]))
    .join('')}</table>
<h2>Accounts 账户</h2><table><tr><th>number 账号<th>name 户名<th>bank 银行<th>virtual 虚拟户前缀<th>balance 余额</tr>${accounts
    .map((a) => row([a.number, a.name, a.bankName, a.virtualPrefix ?? ''], yuan(a.balance)))
    .join('')}</table>
<h2>Latest lines 最近流水</h2>${accounts
    .filter(({ kind, virtualPrefix }) => kind === 'customer' && virtualPrefix !== null)
    .map(({ number }) => linesOf(bank, number))
    .join('')}
<script>for (const form of document.forms) form.onsubmit = async (event) => { event.preventDefault();
const fields = [...new FormData(form)].filter(([, value]) => value !== '').map(([name, value]) =>
[name, form.elements[name].type === 'number' ? Number(value) : value]);
const { method, path } = form.dataset;
const answer = await fetch(path, { method, ...(method === 'DELETE' ? {} : { body: JSON.stringify(Object.fromEntries(fields)),
headers: { 'content-type': 'application/json' } }) });
if (answer.ok) location.reload(); else alert((await answer.json()).message); };</script></html>`;
}

function linesOf({ store }: Bank, account: string): string {
  const rows = latestEntries(store, account, ENTRIES_SHOWN).map((e) =>
    row(
      [e.at, e.reference, e.counterpartyName, e.creditedAccount ?? '', e.remittance],
      `${e.direction === 'credit' ? '+' : '-'}${yuan(e.amount)}`,
    ),
  );
  return `<p>${escapeHtml(account)}</p><table>${rows.join('')}</table>`;
}

function row(cells: readonly (string | number)[], money?: string): string {
  const plain = cells.map((cell) => `<td>${escapeHtml(String(cell))}</td>`).join('');
  return `<tr>${plain}${money === undefined ? '' : `<td class="n">${money}</td>`}</tr>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
