raise SystemExit("this plug-in wants to stop the process")
