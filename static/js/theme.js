document.documentElement.dataset.theme = localStorage.getItem("km-theme") || "system";
