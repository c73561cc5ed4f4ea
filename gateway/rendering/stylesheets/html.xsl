<?xml version="1.0" encoding="UTF-8"?>
<!-- HTML: a small page that any browser shows, an old phone's as well. No script, and no style but
     the one below, whose hash the Content-Security-Policy names. The serializer writes the meta
     element with the charset. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:include href="answer.xsl"/>
  <xsl:output method="html" encoding="UTF-8" indent="no"/>

  <xsl:template match="/">
    <xsl:text disable-output-escaping="yes">&lt;!DOCTYPE html&gt;&#10;</xsl:text>
    <html lang="en">
      <xsl:text>&#10;</xsl:text>
      <head>
        <title><xsl:call-template name="title"/></title>
        <xsl:text>&#10;</xsl:text>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <xsl:text>&#10;</xsl:text>
        <style>
:root { color-scheme: light dark }
body { font: 100%/1.5 sans-serif; max-width: 48em; margin: 0 auto; padding: 1em }
h1 { font-size: 1.25em; margin: 0 0 1em }
table { border-collapse: collapse; width: 100%; margin: 0 0 2em }
caption, th, td { text-align: left; vertical-align: top; padding: .25em .75em .25em 0 }
caption, .error { font-weight: bold }
th, td { border-top: 1px solid #8888 }
th { font-weight: normal; opacity: .75 }
td, .value { overflow-wrap: anywhere; word-wrap: break-word }
.value { font-size: 1.25em }
.error { border-left: .25em solid #d33; padding-left: .75em; margin-left: 0 }
</style>
        <xsl:text>&#10;</xsl:text>
      </head>
      <xsl:text>&#10;</xsl:text>
      <body>
        <xsl:text>&#10;</xsl:text>
        <h1><xsl:call-template name="title"/></h1>
        <xsl:text>&#10;</xsl:text>
        <xsl:call-template name="content"/>
      </body>
      <xsl:text>&#10;</xsl:text>
    </html>
  </xsl:template>

  <xsl:template name="title">
    <xsl:value-of select="$action"/>
    <xsl:if test="$action = ''">Answer</xsl:if>
    <xsl:if test="$failed">: error <xsl:value-of select="normalize-space($response/@code)"/></xsl:if>
  </xsl:template>

  <xsl:template name="content">
    <xsl:choose>
      <xsl:when test="$failed">
        <p class="error" role="alert">
          <xsl:value-of select="$message"/>
          <xsl:if test="not(normalize-space($message))">The recorder gave no reason.</xsl:if>
        </p>
        <xsl:text>&#10;</xsl:text>
      </xsl:when>
      <xsl:when test="$lists-markers"><xsl:call-template name="markers"/></xsl:when>
      <xsl:when test="$lists-calls"><xsl:call-template name="calls"/></xsl:when>
      <xsl:when test="not($asked-for or $others)"><p role="status">OK</p><xsl:text>&#10;</xsl:text></xsl:when>
    </xsl:choose>
    <xsl:if test="not($failed)"><xsl:call-template name="others"/></xsl:if>
  </xsl:template>

  <xsl:template name="others">
    <xsl:for-each select="$asked-for">
      <p class="value"><xsl:call-template name="value"/></p>
      <xsl:text>&#10;</xsl:text>
    </xsl:for-each>
    <xsl:variable name="rest" select="$values[count(. | $asked-for) != count($asked-for)]"/>
    <xsl:if test="$rest">
      <table>
        <caption>Further values</caption>
        <xsl:apply-templates select="$rest" mode="row"/>
      </table>
      <xsl:text>&#10;</xsl:text>
    </xsl:if>
    <xsl:for-each select="$records">
      <xsl:call-template name="record">
        <xsl:with-param name="caption"><xsl:call-template name="label"/></xsl:with-param>
      </xsl:call-template>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="markers">
    <table>
      <caption><xsl:value-of select="concat('Markers: ', count($markers))"/></caption>
      <xsl:text>&#10;</xsl:text>
      <tr><th scope="col">Name</th><th scope="col">Start (ms)</th><th scope="col">End (ms)</th></tr>
      <xsl:text>&#10;</xsl:text>
      <xsl:for-each select="$markers">
        <tr>
          <td><xsl:value-of select="name"/></td>
          <td><xsl:value-of select="start"/></td>
          <td><xsl:value-of select="end"/></td>
        </tr>
        <xsl:text>&#10;</xsl:text>
      </xsl:for-each>
    </table>
    <xsl:text>&#10;</xsl:text>
  </xsl:template>

  <xsl:template name="calls">
    <xsl:variable name="many" select="count($calls)"/>
    <xsl:if test="$many = 0"><p role="status">No calls.</p><xsl:text>&#10;</xsl:text></xsl:if>
    <xsl:if test="$many &gt; 1"><xsl:call-template name="overview"/></xsl:if>
    <xsl:for-each select="$calls">
      <xsl:call-template name="record">
        <xsl:with-param name="caption">Call<xsl:if test="$many &gt; 1"><xsl:value-of select="concat(' ', position(), ' of ', $many)"/></xsl:if></xsl:with-param>
        <xsl:with-param name="id" select="concat('call-', position())"/>
      </xsl:call-template>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="overview">
    <table>
      <caption><xsl:value-of select="concat('Calls: ', count($calls))"/></caption>
      <xsl:text>&#10;</xsl:text>
      <tr><th scope="col">Call</th><th scope="col">Start</th><th scope="col">From</th><th scope="col">To</th></tr>
      <xsl:text>&#10;</xsl:text>
      <xsl:for-each select="$calls">
        <tr>
          <td><a href="#call-{position()}"><xsl:value-of select="position()"/></a></td>
          <td><xsl:value-of select="(start_time | starttime | startdate)[1]"/></td>
          <td><xsl:value-of select="source_caller_id"/></td>
          <td><xsl:value-of select="destination_caller_id"/></td>
        </tr>
        <xsl:text>&#10;</xsl:text>
      </xsl:for-each>
    </table>
    <xsl:text>&#10;</xsl:text>
  </xsl:template>

  <!-- One record, one table: a field is a row, and so nothing is wider than a phone. -->
  <xsl:template name="record">
    <xsl:param name="caption"/>
    <xsl:param name="id"/>
    <table>
      <xsl:if test="$id"><xsl:attribute name="id"><xsl:value-of select="$id"/></xsl:attribute></xsl:if>
      <caption><xsl:value-of select="$caption"/></caption>
      <xsl:text>&#10;</xsl:text>
      <xsl:apply-templates select="@* | * | text()[normalize-space()]" mode="row"/>
    </table>
    <xsl:text>&#10;</xsl:text>
  </xsl:template>

  <xsl:template match="* | @* | text()" mode="row">
    <xsl:param name="within"/>
    <xsl:if test="not(*) and (normalize-space() or not(@*))">
      <tr>
        <th scope="row"><xsl:value-of select="$within"/><xsl:call-template name="label"/></th>
        <td><xsl:call-template name="value"/></td>
      </tr>
      <xsl:text>&#10;</xsl:text>
    </xsl:if>
    <xsl:apply-templates select="@* | *" mode="row">
      <xsl:with-param name="within"><xsl:value-of select="$within"/><xsl:call-template name="label"/>, </xsl:with-param>
    </xsl:apply-templates>
  </xsl:template>

  <xsl:template name="label">
    <xsl:value-of select="translate(name(), '_', ' ')"/>
    <xsl:if test="not(name())">text</xsl:if>
  </xsl:template>

  <!-- Only what is certainly an address of a page becomes a link. -->
  <xsl:template name="value">
    <xsl:choose>
      <xsl:when test="starts-with(normalize-space(), 'http://') or starts-with(normalize-space(), 'https://')">
        <a href="{normalize-space()}" rel="noreferrer"><xsl:value-of select="."/></a>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>
</xsl:stylesheet>
