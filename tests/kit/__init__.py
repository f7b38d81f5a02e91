"""What tests are made with: offices, servers, browsers, and papers to drop."""
