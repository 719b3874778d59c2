/* Before a page is printed its charts are drawn as wide as the paper, and afterwards as wide as the screen again. */
(() => {
  const draw = () => {
    for (const plot of document.querySelectorAll(".js-plotly-plot")) {
      window.Plotly?.relayout(plot, {autosize: true});
    }
  };
  for (const [name, isPaper] of [["beforeprint", true], ["afterprint", false]]) {
    window.addEventListener(name, () => {
      document.documentElement.classList.toggle("tidemark-paper", isPaper);
      draw();
    });
  }
})();
