"""Files for Prometheus and Grafana.

prometheus.yml  what is scraped, on one machine
rules.yml       alerts
panels          what a dashboard is made of
dashboard       the dashboard, written to grafana/cutwork.json by `make docs`
"""
