/** Both for light and for dark pages; the card has a ground of its own, since a page may be dark where the system is light. */
export const style = `
text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 12.5px; fill: #57606a; font-variant-numeric: tabular-nums; }
.title { font-size: 20px; font-weight: 650; fill: #1f2328; }
.storage { font-size: 16px; font-weight: 650; fill: #1f2328; }
.contest { font-size: 13px; font-weight: 600; fill: #1f2328; }
.nuvom { font-weight: 600; fill: #1f2328; }
.note { font-size: 11.5px; }
.failed { fill: #b3261e; }
.number { text-anchor: end; }
.card { fill: #fbfbfc; stroke: #d8dce1; }
.track { fill: #eceef1; }
.bar { fill: #9aa4b1; }
.bar.nuvom, .bar.variant { fill: #e8590c; }
.bar.variant { fill-opacity: 0.55; }
.ceiling { fill: #1f2328; }
.mark { fill: none; stroke: #8a939e; stroke-width: 1.2; }
.mark.full { fill: #8a939e; }
.half { fill: #8a939e; }
@media (prefers-color-scheme: dark) {
  text { fill: #a3adb8; }
  .title, .storage, .contest, .nuvom { fill: #f0f3f6; }
  .failed { fill: #ff8a80; }
  .card { fill: #15191f; stroke: #30363d; }
  .track { fill: #252b33; }
  .bar { fill: #6b7684; }
  .bar.nuvom, .bar.variant { fill: #ff8142; }
  .ceiling { fill: #f0f3f6; }
  .mark { stroke: #8a939e; }
}
`;
