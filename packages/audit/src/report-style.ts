/** How a report looks, on screen and on paper. Marks and words say what colours say. */
export const PAGE_STYLE = `
:root { color-scheme: light; --ink: #1c2430; --quiet: #5b6472; --line: #d9dee7; --soft: #f5f7fa; --good: #12703f; --bad: #b42318; --back: #8a4b00; --person: #5b3fa8; --accent: #475467; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 3rem; max-width: 70rem; color: var(--ink); background: #fff; font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; overflow-wrap: anywhere; }
body.good { --accent: var(--good); } body.bad { --accent: var(--bad); } body.back { --accent: var(--back); }
header { border-left: .4rem solid var(--accent); padding: .2rem 0 .2rem 1.2rem; }
.kind { margin: 0; color: var(--quiet); font-size: .85rem; letter-spacing: .03em; }
h1 { margin: .1rem 0 .4rem; font-size: 2rem; line-height: 1.2; }
.status { margin: 0 0 .6rem; }
.status span { display: inline-block; padding: .1rem .7rem; border: 1.5px solid var(--accent); border-radius: 1rem; color: var(--accent); font-weight: 600; }
.short { margin: 0; max-width: 48rem; font-size: 1.08rem; }
.notice { margin: 1.5rem 0 0; padding: .7rem 1rem; border-left: .4rem solid var(--person); background: var(--soft); }
.notice.bad { border-color: var(--bad); }
section { margin-top: 2.2rem; }
h2 { margin: 0 0 .6rem; font-size: 1.2rem; }
h3 { margin: 1.4rem 0 .4rem; font-size: 1rem; }
.wide { overflow-x: auto; }
.wide:focus-visible, .long:focus-visible { outline: 2px solid var(--person); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: .93rem; }
th, td { padding: .5rem .8rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--ink); font-size: .82rem; color: var(--quiet); font-weight: 600; white-space: nowrap; }
.facts { width: auto; min-width: 60%; }
.facts th { width: 8rem; font-weight: 600; color: var(--quiet); }
.cards { table-layout: fixed; }
.cards th, .cards td { width: 20%; }
.story td:first-child, .story td:nth-child(2), .story td:nth-child(3), .items td:first-child, .items td:nth-child(3) { white-space: nowrap; color: var(--quiet); font-variant-numeric: tabular-nums; }
.story td:first-child, .items td:first-child { text-align: right; padding-right: 1.2rem; width: 3rem; }
.story td:last-child { width: 60%; }
.items td { padding-top: .25rem; padding-bottom: .25rem; }
small { color: var(--quiet); font-size: .85em; }
dl { margin: .25rem 0 0; }
dl div { display: flex; flex-wrap: wrap; column-gap: .5rem; }
dt { color: var(--quiet); flex: none; max-width: 100%; } dt::after { content: ":"; }
dd { margin: 0; flex: 1 1 4rem; min-width: 0; }
ol { margin: .1rem 0 0; padding-left: 1.9rem; }
.long ol { padding-left: 2.6rem; }
dl dl { margin: 0; }
pre { margin: 0; font: .8rem/1.45 ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; }
.value { display: block; white-space: pre-wrap; }
.long { margin-top: .35rem; max-height: 16rem; overflow: auto; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: .3rem; background: var(--soft); white-space: pre-wrap; }
.long dl, .long ol { white-space: normal; }
.good { color: var(--good); } .bad { color: var(--bad); } .back { color: var(--back); } .person { color: var(--person); } .quiet { color: var(--quiet); }
body.good, body.bad, body.back, body.plain { color: var(--ink); }
td .good, td .bad, td .back, td .person { font-weight: 500; }
.verdict { margin: 0 0 .6rem; padding: .7rem 1rem; border: 1.5px solid currentColor; border-radius: .4rem; font-weight: 600; }
.hash { margin: 0; font: .85rem ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; }
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .85rem; }
@media screen and (max-width: 46rem) {
  body { padding: 1.2rem .9rem; } h1 { font-size: 1.5rem; }
  .facts, .facts tbody, .facts tr, .facts th, .facts td { display: block; width: auto; border: 0; padding: 0; }
  .facts tr { padding: .4rem 0; border-bottom: 1px solid var(--line); }
  .cards, .cards tbody, .cards tr, .cards td { display: block; width: auto; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards tr { margin-bottom: .9rem; padding: .3rem .8rem; border: 1px solid var(--line); border-radius: .4rem; }
  .cards td { display: flex; gap: .6rem; padding: .3rem 0; border: 0; }
  .cards td::before { content: attr(data-head); flex: none; width: 5rem; color: var(--quiet); font-size: .85rem; }
  .cards td > div { min-width: 0; flex: 1; }
  .story td:nth-child(3), .story th:nth-child(3), .items td:nth-child(3), .items th:nth-child(3) { display: none; } .story td:nth-child(2) { white-space: normal; }
  .story td:first-child { padding-right: .6rem; width: auto; }
}
@media print {
  @page { margin: 14mm; }
  :root { font-size: 8.5pt; } body { padding: 0; max-width: none; font-size: 1rem; }
  thead { display: table-header-group; } tr, .verdict, header, .notice { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .wide { overflow: visible; } .long { max-height: none; overflow: visible; background: none; } .long ol { columns: 3; } tr:has(.long) { break-inside: auto; }
}
`;
