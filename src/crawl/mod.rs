//! Deciding where to go, without going: scope, frontier, links, robots.txt and sitemaps. No
//! network, no clock; everything here is a value or a function over values.
