/** How a report looks, on screen and on paper. Marks and words say what colours say. */
export const PAGE_STYLE = `
:root { color-scheme: light; --ink: #1c2430; --quiet: #667085; --line: #d9dee7; --soft: #f5f7fa; --good: #12703f; --bad: #b42318; --back: #945400; --person: #5b3fa8; --accent: #475467; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 3rem; max-width: 66rem; color: var(--ink); background: #fff; font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; }
body.good { --accent: var(--good); } body.bad { --accent: var(--bad); } body.back { --accent: var(--back); }
header { border-left: .4rem solid var(--accent); padding: .2rem 0 .2rem 1.2rem; }
.kind { margin: 0; color: var(--quiet); font-size: .85rem; letter-spacing: .03em; }
h1 { margin: .1rem 0 .4rem; font-size: 2rem; line-height: 1.2; overflow-wrap: anywhere; }
.status { margin: 0 0 .6rem; }
.status span { display: inline-block; padding: .1rem .7rem; border: 1.5px solid var(--accent); border-radius: 1rem; color: var(--accent); font-weight: 600; }
.short { margin: 0; max-width: 46rem; font-size: 1.08rem; }
section { margin-top: 2.2rem; }
h2 { margin: 0 0 .6rem; font-size: 1.2rem; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .93rem; }
th, td { padding: .5rem .8rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--ink); font-size: .82rem; color: var(--quiet); font-weight: 600; white-space: nowrap; }
.facts { width: auto; min-width: 60%; }
.facts th { width: 8rem; font-weight: 600; color: var(--quiet); }
.story td:first-child, .story td:nth-child(2), .story td:nth-child(3) { white-space: nowrap; color: var(--quiet); font-variant-numeric: tabular-nums; }
.story td:first-child { text-align: right; padding-right: 1.2rem; }
.story td:last-child { width: 60%; }
small { color: var(--quiet); font-size: .85em; overflow-wrap: anywhere; }
dl { margin: .25rem 0 0; }
dl div { display: flex; gap: .5rem; }
dt { color: var(--quiet); } dt::after { content: ":"; }
dd { margin: 0; overflow-wrap: anywhere; }
ol { margin: .1rem 0 0; padding-left: 1.4rem; }
dl dl { margin: 0; }
pre { margin: .35rem 0 0; padding: .5rem .7rem; background: var(--soft); border-radius: .3rem; font: .8rem/1.45 ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.value { display: block; overflow-wrap: anywhere; white-space: pre-wrap; }
.good { color: var(--good); } .bad { color: var(--bad); } .back { color: var(--back); } .person { color: var(--person); } .quiet { color: var(--quiet); }
body.good, body.bad, body.back, body.plain { color: var(--ink); }
td > .good, td > .bad, td > .back, td > .person { font-weight: 500; }
.verdict { margin: 0 0 .6rem; padding: .7rem 1rem; border: 1.5px solid currentColor; border-radius: .4rem; font-weight: 600; }
.hash { margin: 0; font: .85rem ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .85rem; }
@media (max-width: 40rem) { body { padding: 1.2rem .9rem; } h1 { font-size: 1.5rem; } .story td:nth-child(3), .story th:nth-child(3) { display: none; } .story td:nth-child(2) { white-space: normal; } }
@media print { @page { margin: 16mm; } body { padding: 0; max-width: none; font-size: 10pt; } thead { display: table-header-group; } tr, .verdict, header { break-inside: avoid; } h2 { break-after: avoid; } .wide { overflow: visible; } pre { border: 1px solid var(--line); background: none; } }
`;
