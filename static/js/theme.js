const kmTheme = localStorage.getItem("km-theme");
if (kmTheme === "light" || kmTheme === "dark") document.documentElement.dataset.theme = kmTheme;
