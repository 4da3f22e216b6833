# SPDX-License-Identifier: Apache-2.0
"""A private Tomcat 10 with an HTTP and an AJP connector; one application, /app, whose pages a test writes as JSP.

    with Tomcat() as tomcat: Httpd(CONFIG.replace("@ajp@", tomcat.ajp), modules=Tomcat.MODULES)

where CONFIG has `ProxyPass /app @ajp@/app`. The page /app/who.jsp shows all that an application sees; seen(answer) reads it.
"""
import os
import secrets

from authjwt_leaks import register_secret
from authjwt_service import Service, free_port

HOME = "/usr/share/tomcat10"
# One connector each; nothing is deployed, unpacked or reloaded that a test does not need.
SERVER_XML = """<Server port="-1">
  <Service name="Catalina">
    <Connector port="%(http)d" address="127.0.0.1" protocol="HTTP/1.1" maxThreads="8" minSpareThreads="1"/>
    <Connector port="%(ajp)d" address="127.0.0.1" protocol="AJP/1.3" maxThreads="8" minSpareThreads="1" secret="%(secret)s"
               tomcatAuthentication="false" allowedRequestAttributesPattern="JWT_CLAIM_.*"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" autoDeploy="false" deployOnStartup="false">
        <Context path="/app" docBase="app"><JarScanner scanClassPath="false"/></Context>
      </Host>
    </Engine>
  </Service>
</Server>
"""
WEB_XML = """<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <servlet>
    <servlet-name>jsp</servlet-name>
    <servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class>
    <init-param><param-name>fork</param-name><param-value>false</param-value></init-param>
  </servlet>
  <servlet-mapping><servlet-name>jsp</servlet-name><url-pattern>*.jsp</url-pattern></servlet-mapping>
</web-app>
"""
WHO_JSP = """<%@page contentType="text/plain; charset=UTF-8" import="java.util.*,java.io.*"%><%
out.print("user=" + request.getRemoteUser() + "\\0auth_type=" + request.getAuthType() + "\\0scheme=" + request.getScheme() + "\\0");
for (String name : Collections.list(request.getHeaderNames()))
    for (String value : Collections.list(request.getHeaders(name)))
        out.print("header " + name.toLowerCase() + "=" + value + "\\0");
// Tomcat hides what AJP sent from getAttributeNames, so the names are asked for.
for (String name : new String[] {"SUB", "ROLE", "JTI", "EXP", "TYPE", "CSRF"})
    if (request.getAttribute("JWT_CLAIM_" + name) != null)
        out.print("JWT_CLAIM_" + name + "=" + request.getAttribute("JWT_CLAIM_" + name) + "\\0");
long length = 0;
InputStream body = request.getInputStream();
for (byte[] buffer = new byte[8192]; ; ) {
    int n = body.read(buffer);
    if (n < 0) break;
    length += n;
}
out.print("length=" + length + "\\0");
%>"""


class Tomcat(Service):
    MODULES = ("proxy", "proxy_ajp", "proxy_http")

    def __init__(self):
        super().__init__()
        self.http_port, self.ajp_port = free_port(), free_port()
        self.secret = register_secret(secrets.token_hex(16))
        for name in ("logs", "temp", "work", "webapps/app"):
            os.makedirs(self.path(name))
        self.write("conf/server.xml", SERVER_XML % {"http": self.http_port, "ajp": self.ajp_port, "secret": self.secret}, 0o600)
        self.write("conf/web.xml", WEB_XML)
        self.write("conf/catalina.properties",
                   'common.loader="${catalina.home}/lib/*.jar"\nserver.loader=\nshared.loader=\n')
        self.write("webapps/app/who.jsp", WHO_JSP)
        # Small and quick: C1 only, no class-data checks; the class path is what catalina.sh makes it.
        self.run(["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx128m",
                  "-Djava.security.egd=file:/dev/./urandom", "-Dcatalina.base=" + self.dir, "-Dcatalina.home=" + HOME,
                  "-Djava.io.tmpdir=" + self.path("temp"), "-classpath", HOME + "/bin/bootstrap.jar:" + HOME + "/bin/tomcat-juli.jar",
                  "org.apache.catalina.startup.Bootstrap", "start"],
                 ("127.0.0.1", self.http_port), ("127.0.0.1", self.ajp_port), says="Server startup in")

    @property
    def ajp(self):
        return "ajp://127.0.0.1:%d" % self.ajp_port

    @property
    def http(self):
        return "http://127.0.0.1:%d" % self.http_port


def seen(answer):
    """What who.jsp saw, name -> value; headers as `header name`."""
    assert answer.status == 200, answer
    return dict(item.split("=", 1) for item in answer.text.split("\0") if "=" in item)
