// What the pages do beyond links and forms. Each page works without it.
