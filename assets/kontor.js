// Kontor's one script. Every page works without it; it only saves key presses and reloads.
// Pages with data-refresh need connect-src 'self' in their policy.
(function () {
  "use strict";

  // Quantity: <div class="qty"><button data-step="-1" hidden>…<input step min>…<button data-step="1" hidden>.
  // Copy needs a secure address. Without script or clipboard these buttons stay away.
  function showButtons(root) {
    root.querySelectorAll(".qty [data-step][hidden]").forEach(function (b) { b.hidden = false; });
    if (navigator.clipboard) root.querySelectorAll("[data-copy][hidden]").forEach(function (b) { b.hidden = false; });
  }
  function step(button) {
    var input = button.parentElement.querySelector("input");
    var by = parseFloat(input.dataset.by || input.step) || 1, least = parseFloat(input.dataset.least || input.min) || by;
    var places = ((String(by).split(".")[1] || "") + "").length;
    var now = parseFloat(input.value), next = isNaN(now) ? least : now + by * Number(button.dataset.step);
    input.value = String(Number(Math.max(least, next).toFixed(places)));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // What so many packs come to: <output for="quantity" data-makes="100" data-single="piece" data-many="pieces">.
  // Digits are multiplied, not floats: 0.1 of a pack of 3 are 0.3 pieces.
  document.addEventListener("input", makes);
  document.addEventListener("change", makes);
  function makes(e) {
    var shown = e.target.id && document.querySelector('output[data-makes][for="' + CSS.escape(e.target.id) + '"]');
    if (!shown) return;
    var typed = e.target.value.trim().replace(/,(?=\d{3})/g, ""), each = shown.dataset.makes;
    if (!/^\d{1,9}(\.\d{1,6})?$/.test(typed)) { shown.textContent = ""; return; }
    var places = [typed, each].reduce(function (n, s) { return n + (s.split(".")[1] || "").length; }, 0);
    var digits = String(BigInt(typed.replace(".", "")) * BigInt(each.replace(".", ""))).padStart(places + 1, "0");
    var whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ","), rest = digits.slice(digits.length - places).replace(/0+$/, "");
    var number = whole + (rest && "." + rest);
    shown.textContent = "= " + number + "\u00a0" + (number === "1" ? shown.dataset.single : shown.dataset.many);
  }

  // Copy: <button data-copy="#id"> copies that element's text and says so in its own label.
  function copy(button) {
    var from = document.querySelector(button.dataset.copy), label = button.textContent;
    if (!from || !navigator.clipboard) return;
    navigator.clipboard.writeText(from.innerText).then(function () {
      button.textContent = "Copied";
      setTimeout(function () { button.textContent = label; }, 2000);
    });
  }

  document.addEventListener("click", function (e) {
    var button = e.target.closest ? e.target.closest("button") : null;
    if (!button) return;
    if (button.dataset.step) { e.preventDefault(); step(button); }
    if (button.dataset.copy) { e.preventDefault(); copy(button); }
  });

  // Keys: "/" goes to the page's search; arrows move among the links of a [data-arrows] list.
  document.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) return;
    if (e.key === "/") {
      var found = Array.prototype.find.call(document.querySelectorAll("input[type=search]"), function (i) { return i.offsetParent; });
      if (found) { e.preventDefault(); found.focus(); found.select(); }
    }
    var list = e.target.closest && e.target.closest("[data-arrows]");
    if (list && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
      var links = Array.prototype.slice.call(list.querySelectorAll("a[href]")), at = links.indexOf(e.target);
      var next = links[at + (e.key === "ArrowDown" ? 1 : -1)];
      if (next) { e.preventDefault(); next.focus(); }
    }
  });

  // Busy: a form posts once; the button keeps its width and says what is under way.
  document.addEventListener("submit", function (e) {
    var button = e.submitter;
    if (!button || !button.dataset.busy || e.defaultPrevented) return;
    if (button.dataset.sent) { e.preventDefault(); return; }
    button.dataset.sent = button.textContent;
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy;
  });
  // A page that comes back from the history cache may be sent again.
  window.addEventListener("pageshow", function (e) {
    var sent = e.persisted && document.querySelector("[data-sent]");
    if (!sent) return;
    if (!sent.closest("[data-autosubmit]")) return location.reload();
    sent.textContent = sent.dataset.sent; // who comes back decides anew; loading again would throw them out
    sent.removeAttribute("aria-disabled");
    delete sent.dataset.sent;
  });

  // Refresh: <section id="x" data-refresh="1"> is replaced every second by the same element of the
  // same page. Never while the reader types in it, and nothing happens when nothing changed.
  // What the reader opened stays open.
  var lasts = {};
  function refresh(id, wait) {
    setTimeout(function () {
      var old = document.getElementById(id);
      if (!old || !old.dataset.refresh) return;
      if (document.hidden) return refresh(id, wait);
      fetch(location.href, { headers: { "X-Refresh": id }, credentials: "same-origin", cache: "no-store" })
        .then(function (r) { if (!r.ok) throw new Error(r.status); return r.text(); })
        .then(function (text) {
          var fresh = new DOMParser().parseFromString(text, "text/html").getElementById(id);
          var now = document.getElementById(id), at = document.activeElement;
          if (fresh && now && !(at && now.contains(at) && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)) && fresh.outerHTML !== lasts[id]) {
            lasts[id] = fresh.outerHTML;
            var key = at && now.contains(at) && (at.id ? "#" + CSS.escape(at.id) : at.getAttribute("href") && 'a[href="' + CSS.escape(at.getAttribute("href")) + '"]');
            var scrolls = Array.prototype.map.call(now.querySelectorAll(".code__body"), function (n) { return n.scrollTop; });
            var opened = Array.prototype.map.call(now.querySelectorAll("details[id][open]"), function (n) { return "#" + CSS.escape(n.id); });
            now.replaceWith(fresh);
            fresh.classList.add("swapped");
            showButtons(fresh);
            opened.forEach(function (o) { var d = fresh.querySelector(o); if (d) d.open = true; });
            fresh.querySelectorAll(".code__body").forEach(function (n, i) { n.scrollTop = scrolls[i] || 0; });
            if (key && fresh.querySelector(key)) fresh.querySelector(key).focus();
          }
          refresh(id, 1000 * (parseFloat(old.dataset.refresh) || 1));
        })
        .catch(function () { refresh(id, Math.min(wait * 2, 15000)); });
    }, wait);
  }

  document.querySelectorAll("[id][data-refresh]").forEach(function (el) {
    lasts[el.id] = el.outerHTML; // as the server wrote it, before the script touches it
    refresh(el.id, 1000 * (parseFloat(el.dataset.refresh) || 1));
  });
  showButtons(document);
  var errors = document.getElementById("errors");
  if (errors) errors.focus();

  // Return page: <form data-autosubmit>, or a link, goes on by itself; the button stays for those without script.
  // It is pressed, not passed by, so that whoever presses it too sends nothing twice.
  // Who came back to it by the browser's button decides anew: by itself it would only throw them out again.
  var form = document.querySelector("[data-autosubmit]"), came = performance.getEntriesByType("navigation")[0];
  if (form && !(came && came.type === "back_forward")) setTimeout(function () {
    if (form instanceof HTMLAnchorElement) return form.click();
    var button = form.querySelector("button");
    if (!(button && button.dataset.sent)) form.requestSubmit(button);
  }, Number(form.dataset.autosubmit) || 400);
})();
