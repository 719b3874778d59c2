/* What a screen reader and a keyboard need to find their way, and the pages' framework leaves out: the language,
   landmarks, one heading of the page with those of its charts below it, and no place for the focus that nobody sees. */
(() => {
  const wanted = {
    html: {lang: "en"},
    "#header": {role: "banner"},
    "#left-side": {role: "navigation", "aria-label": "Pages and choices"},
    "#right-side": {role: "main"},
    "#page-title": {role: "heading", "aria-level": "1"},
    "#dashboard-title": {role: "none"},
    ".figure-title": {role: "heading", "aria-level": "2"},
    "#page-components": {tabindex: "0"},
    ".dash-dropdown-focus-target": {tabindex: "-1"},
    ".mantine-Popover-dropdown[role=dialog]": {"aria-label": "Dates"},
    ".mantine-DatePickerInput-calendarHeaderControl[data-direction=previous]": {"aria-label": "Earlier"},
    ".mantine-DatePickerInput-calendarHeaderControl[data-direction=next]": {"aria-label": "Later"},
  };
  let isAsked = false;
  const mark = () => {
    isAsked = false;
    for (const [selector, attributes] of Object.entries(wanted)) {
      for (const found of document.querySelectorAll(selector)) {
        for (const [name, value] of Object.entries(attributes)) {
          if (found.getAttribute(name) !== value) found.setAttribute(name, value);
        }
      }
    }
  };
  const ask = () => {
    if (!isAsked) requestAnimationFrame(mark);
    isAsked = true;
  };
  new MutationObserver(ask).observe(document.documentElement, {childList: true, subtree: true});
})();
