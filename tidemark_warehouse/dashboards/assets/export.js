/* The two buttons of the header: what the charts of the page show as one CSV file, and the page on paper or as PDF. */
(() => {
  // A spreadsheet would run what begins like a formula.
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    const safe = /^[=+\-@\t]/.test(text) && isNaN(Number(text)) ? `'${text}` : text;
    return `"${safe.replaceAll('"', '""')}"`;
  };
  const rowsOf = (trace) => {
    const name = trace.name ?? "";
    if (trace.type === "heatmap") {
      return [...trace.z].flatMap((line, i) =>
        [...line].map((value, j) => [name, trace.x[j], trace.y[i], value]));
    }
    return [...(trace.x ?? [])].map((x, i) => [name, x, trace.y[i], trace.text?.[i] ?? ""]);
  };
  const csv = () => {
    const lines = [["chart", "series", "x", "y", "value"]];
    for (const table of document.querySelectorAll(".tidemark-table table")) {
      const id = table.closest(".figure-container").id;
      const headings = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
      [...table.tBodies[0].rows].forEach((row, i) => [...row.cells].forEach((cell, j) =>
        lines.push([id, headings[j], i + 1, cell.textContent, ""])));
    }
    for (const graph of document.querySelectorAll(".dash-graph")) {
      const plot = graph.querySelector(".js-plotly-plot");
      for (const trace of plot?._fullData ?? []) {
        for (const row of rowsOf(trace)) lines.push([graph.id, ...row]);
      }
    }
    return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("#tidemark-print")) window.print();
    if (!event.target.closest("#tidemark-csv")) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv()], {type: "text/csv"}));
    link.download = `tidemark${location.pathname.replaceAll("/", "-")}.csv`.replace("-.csv", ".csv");
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
})();
