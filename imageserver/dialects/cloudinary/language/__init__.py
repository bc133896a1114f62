"""The language of delivery URLs: texts in, texts of native requests out, without files, catalogs or HTTP."""
